import { setTimeout as delay } from "node:timers/promises";
import { isMillraceError } from "../core/errors.ts";
import type { ProcessGroup } from "./process-group.ts";

export const KILL_GRACE_MS = 10_000;
/** After a lost lease another attempt may have begun, so there is little to wait for. */
const LEASE_LOST_GRACE_MS = 2_000;
/** What a script has left running may end by itself, such as a `tee` with a last line to write. */
const LINGER_MS = 1_000;
const LEFTOVER_GRACE_MS = 2_000;
/** A process that hangs in the kernel outlives even SIGKILL, and must not keep the worker with it. */
const STUCK_MS = 5_000;

export interface ScriptExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface GroupEnd {
  readonly exit: ScriptExit;
  /** The signal fired before the script had ended by itself. */
  readonly isStopped: boolean;
}

interface EndOptions {
  readonly signal: AbortSignal;
  readonly killGraceMs: number;
  readonly log: (text: string) => void;
}

/**
 * Wait until no process of the group is left, ending those that do not go.
 *
 *   running ── signal fires ───► SIGTERM ── grace has passed ──► SIGKILL ──► gone
 *      │                            ▲  └───────────── all gone ────────────────┘
 *      └─ script exits ─► lingering ┘ after 1 s, or when the signal fires
 *                             └──────── all gone ──────────────────────► gone
 */
export async function endOfGroup(
  group: ProcessGroup,
  exited: Promise<ScriptExit>,
  { signal, killGraceMs, log }: EndOptions,
): Promise<GroupEnd> {
  const isStopped = await firesBefore(signal, exited);
  if (!isStopped) {
    if (await group.isGone(LINGER_MS, signal)) return { exit: await exited, isStopped };
    log("the script has ended and left processes running; they are ended too");
  }
  group.signal("SIGTERM");
  // A stopped process takes the signal only when it goes on.
  group.signal("SIGCONT");
  if (!(await group.isGone(isStopped ? graceMs(signal, killGraceMs) : LEFTOVER_GRACE_MS))) {
    group.signal("SIGKILL");
    if (!(await group.isGone(STUCK_MS))) log(`processes of the group ${group.id} are still there after SIGKILL`);
  }
  return { exit: await orUnknown(exited), isStopped };
}

async function firesBefore(signal: AbortSignal, exited: Promise<ScriptExit>): Promise<boolean> {
  if (signal.aborted) return true;
  const { promise: fired, resolve: fire } = Promise.withResolvers<boolean>();
  const onAbort = (): void => fire(true);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([exited.then(() => false), fired]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function graceMs(signal: AbortSignal, killGraceMs: number): number {
  const isLeaseLost = isMillraceError(signal.reason) && signal.reason.code === "lease_lost";
  return isLeaseLost ? Math.min(killGraceMs, LEASE_LOST_GRACE_MS) : killGraceMs;
}

async function orUnknown(exited: Promise<ScriptExit>): Promise<ScriptExit> {
  const timer = new AbortController();
  const unknown = delay(STUCK_MS, { code: null, signal: null }, { signal: timer.signal });
  // Left behind by the race, it is refused when the timer is taken back.
  unknown.catch(() => {});
  try {
    return await Promise.race([exited, unknown]);
  } finally {
    timer.abort();
  }
}
