import { OptionsError } from "../../core/errors.ts";
import type { AttemptEnding, Job } from "../../core/job.ts";
import { countProblem, durationProblem, refuseOptions, unknownKeys } from "../../core/options.ts";
import { isFinal, type FinalState } from "../../core/states.ts";
import type { Millrace } from "../../runtime/millrace.ts";
import { enqueuedJobs } from "./enqueued.ts";
import type { LaidQueue } from "./lay-queue.ts";

export interface DrainOptions {
  /** Drain this queue only. What the workers do for others meanwhile they do. @default every queue */
  readonly queue?: string;
  /** How much virtual time may pass, in milliseconds. @default 86_400_000, a day */
  readonly withinMs?: number;
  /** How many attempts may end. @default 10_000 */
  readonly attempts?: number;
}

/** What happened while a queue was drained. */
export interface DrainSummary {
  /** Jobs of which an attempt ended, in the order in which their first one did. */
  readonly ran: readonly DrainedJob[];
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Attempts that ended, of all jobs. */
  readonly attempts: number;
  /** Jobs that nobody could run: their queue is paused, or no worker serves it, has the label, knows the kind. */
  readonly left: readonly LeftJob[];
  /** Virtual time that has passed, in milliseconds. */
  readonly passedMs: number;
}

export interface DrainedJob {
  /** The job as it is now. */
  readonly job: Job;
  /** How its attempts ended, those before the drain included: `["failed", "snoozed", "completed"]`. */
  readonly endings: readonly (AttemptEnding | FinalState)[];
}

export interface LeftJob {
  readonly job: Job;
  /** Whole sentences, the weightiest first. */
  readonly why: readonly string[];
}

/** The bound was reached, and something could still run. Its message says what, and why. */
export class DrainError extends Error {
  override readonly name = "DrainError";
  readonly left: readonly LeftJob[];

  constructor(bound: string, left: readonly LeftJob[]) {
    const shown = left.slice(0, SHOWN).map(({ job, why }) => `\n  ${nameOf(job)} is ${job.state}: ${why.join(" ")}`);
    const more = left.length > SHOWN ? `\n  and ${left.length - SHOWN} more` : "";
    super(`drain(): ${bound}, and ${left.length === 1 ? "1 job is" : `${left.length} jobs are`} left:${shown.join("")}${more}`); // prettier-ignore
    this.left = left;
  }
}

const SHOWN = 10;
const DAY_MS = 86_400_000;

/** Run until nothing is left that could run, with time passing where something waits for it. */
export async function drainQueue(parts: LaidQueue, options: DrainOptions = {}): Promise<DrainSummary> {
  refuseOptions([
    ...unknownKeys(options, ["queue", "withinMs", "attempts"], "drain()"),
    durationProblem(options.withinMs, "drain(): withinMs", 0, Number.MAX_SAFE_INTEGER),
    countProblem(options.attempts, "drain(): attempts"),
  ]);
  const { mill, time, watch, passage } = parts;
  const { queue, withinMs = DAY_MS, attempts = 10_000 } = options;
  const filter = queue === undefined ? {} : { queue };
  if ((await mill.workers()).length === 0) await requireNothingOpen(mill, filter);
  const [beganAt, firstEnd] = [time.monotonic(), watch.settled.length];
  const check = (): void => {
    if (watch.settled.length - firstEnd > attempts) throw new Exceeded(`${attempts} attempts have ended`);
  };
  try {
    await passage.settle(check);
    while (await somethingWaits(parts, filter)) {
      const restMs = beganAt + withinMs - time.monotonic();
      if (restMs <= 0) throw new Exceeded(`${withinMs} ms of the clock have passed`);
      await passage.step(restMs, check);
    }
  } catch (error) {
    if (!(error instanceof Exceeded)) throw error;
    throw new DrainError(error.message, await explainOpen(parts, filter));
  }
  return summary(parts, { firstEnd, filter, passedMs: time.monotonic() - beganAt });
}

/** A bound that was reached, in words. */
class Exceeded extends Error {}

type QueueFilter = Readonly<Record<"queue", string>> | Readonly<Record<string, never>>;

async function requireNothingOpen(mill: Millrace, filter: QueueFilter): Promise<void> {
  const { queued, running, scheduled } = await mill.counts(filter);
  if (queued + running + scheduled === 0) return;
  throw new OptionsError("drain(): no worker runs; make one with mill.worker(), give it handlers and start() it");
}

/** Whether time would bring anything: a handler that runs, or a job whose time has not come. */
async function somethingWaits({ mill, unknownKinds }: LaidQueue, filter: QueueFilter): Promise<boolean> {
  const { running, scheduled } = await mill.counts(filter);
  if (running > 0 || scheduled > unknownKinds.size) return true;
  if (scheduled === 0) return false;
  const waiting = await enqueuedJobs(mill, { ...filter, state: "scheduled" });
  return waiting.some(({ id }) => !unknownKinds.has(id));
}

async function explainOpen({ mill, unknownKinds }: LaidQueue, filter: QueueFilter): Promise<LeftJob[]> {
  const open = await enqueuedJobs(mill, { ...filter, state: ["blocked", "scheduled", "queued", "running"] });
  return Promise.all(
    open.map(async (job) => {
      const { sentences } = await mill.explain(job.id);
      const unknown = unknownKinds.get(job.id);
      return { job, why: unknown === undefined ? sentences : [unknown, ...sentences] };
    }),
  );
}

async function summary(
  parts: LaidQueue,
  {
    firstEnd,
    filter,
    passedMs,
  }: { readonly firstEnd: number; readonly filter: QueueFilter; readonly passedMs: number },
): Promise<DrainSummary> {
  const { mill, watch, unknownKinds } = parts;
  const ends = watch.settled.slice(firstEnd).filter(({ job }) => !unknownKinds.has(job));
  const ran: DrainedJob[] = [];
  let attempts = 0;
  for (const id of new Set(ends.map(({ job }) => job))) {
    const job = await mill.get(id);
    // Of another organisation, or deleted meanwhile.
    if (job === null || (filter.queue !== undefined && job.queue !== filter.queue)) continue;
    attempts += ends.filter((end) => end.job === id).length;
    const earlier = (await mill.attempts(id)).map(({ ending }) => ending);
    ran.push({ job, endings: isFinal(job.state) ? [...earlier, job.state] : earlier });
  }
  const count = (state: FinalState): number => ran.filter(({ job }) => job.state === state).length;
  return {
    ran,
    completed: count("completed"),
    failed: count("failed"),
    cancelled: count("cancelled"),
    attempts,
    left: await explainOpen(parts, filter),
    passedMs,
  };
}

function nameOf({ id, kind, scope, number }: Job): string {
  return `${kind} ${number === null ? id : `${scope}#${number}`}`;
}
