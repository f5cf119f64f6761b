import { backoffProblem, DEFAULT_BACKOFF, type BackoffPolicy } from "./backoff.ts";
import { DEFAULT_CANCEL_GRACE_MS } from "./lease.ts";
import { countProblem, durationProblem, unknownKeys, wholeMs, type Problem } from "./options.ts";

const DAY_MS = 86_400_000;

/** How long a finished job is kept, in milliseconds; `null` for ever. */
export interface Retention {
  readonly completedMs: number | null;
  readonly failedMs: number | null;
  readonly cancelledMs: number | null;
}

/** What holds for the jobs of a queue unless the job or its definition says otherwise. */
export interface QueueSettings {
  /** Whether jobs are numbered. @default true */
  readonly numbered: boolean;
  /** @default 3 */
  readonly maxAttempts: number;
  /** Time limit of one attempt in milliseconds; `null` for none. @default null */
  readonly timeoutMs: number | null;
  /** @default exponential from 1 s, at most five minutes */
  readonly backoff: BackoffPolicy;
  /** How long a running job may go on after its cancel was accepted, in milliseconds. @default 30_000 */
  readonly cancelGraceMs: number;
  /** @default 7 days for each final state */
  readonly retention: Retention;
}

export const DEFAULT_QUEUE_SETTINGS: QueueSettings = Object.freeze({
  numbered: true,
  maxAttempts: 3,
  timeoutMs: null,
  backoff: DEFAULT_BACKOFF,
  cancelGraceMs: DEFAULT_CANCEL_GRACE_MS,
  retention: Object.freeze({ completedMs: 7 * DAY_MS, failedMs: 7 * DAY_MS, cancelledMs: 7 * DAY_MS }),
});

/** A queue as it stands. */
export interface Queue {
  readonly name: string;
  readonly isPaused: boolean;
  readonly settings: QueueSettings;
  readonly counts: OpenCounts;
  /** When the job that has waited longest became ready; `null` when none waits. */
  readonly oldestReadyAt: Date | null;
}

/** How many jobs have not ended, by state. */
export interface OpenCounts {
  readonly blocked: number;
  readonly scheduled: number;
  readonly queued: number;
  readonly running: number;
}

/** What is stored for a queue: only what was set. */
export type QueueOverrides = Partial<Omit<QueueSettings, "retention">> & { readonly retention?: Partial<Retention> };

/** Stored overrides on top of the defaults. */
export function resolveQueueSettings(overrides: QueueOverrides): QueueSettings {
  const settings = { ...DEFAULT_QUEUE_SETTINGS, ...overrides };
  const { completedMs, failedMs, cancelledMs } = { ...DEFAULT_QUEUE_SETTINGS.retention, ...overrides.retention };
  return {
    ...settings,
    timeoutMs: wholeMs(settings.timeoutMs),
    cancelGraceMs: wholeMs(settings.cancelGraceMs),
    retention: {
      completedMs: wholeMs(completedMs),
      failedMs: wholeMs(failedMs),
      cancelledMs: wholeMs(cancelledMs),
    },
  };
}

const SETTINGS = ["numbered", "maxAttempts", "timeoutMs", "backoff", "cancelGraceMs", "retention"] as const;
const RETENTION = ["completedMs", "failedMs", "cancelledMs"] as const;
const FOR_EVER = Number.MAX_SAFE_INTEGER;

/** What is wrong with settings somebody gave. */
export function queueSettingsProblems(settings: QueueOverrides, where: string): Problem[] {
  const wrongKeys = unknownKeys(settings, SETTINGS, where);
  if (typeof settings !== "object" || settings === null) return wrongKeys;
  const { numbered, maxAttempts, timeoutMs, backoff, cancelGraceMs, retention } = settings;
  return [
    ...wrongKeys,
    numbered === undefined || typeof numbered === "boolean" ? undefined : `${where}: numbered must be true or false`,
    countProblem(maxAttempts, `${where}: maxAttempts`),
    durationProblem(timeoutMs, `${where}: timeoutMs`),
    backoffProblem(backoff, `${where}: backoff`),
    durationProblem(cancelGraceMs, `${where}: cancelGraceMs`, 0),
    ...(retention === undefined ? [] : unknownKeys(retention, RETENTION, `${where}: retention`)),
    ...RETENTION.map((name) => durationProblem(retention?.[name], `${where}: retention.${name}`, 0, FOR_EVER)),
  ];
}
