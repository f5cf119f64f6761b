import type { Job } from "../../core/job.ts";
import { definedOnly, integerProblem, nameProblem, refuseOptions, show, unknownKeys } from "../../core/options.ts";
import { silentLogger, type Logger } from "../../runtime/logger.ts";
import type { Millrace } from "../../runtime/millrace.ts";
import { VIRTUAL_EPOCH } from "../virtual-clock.ts";
import { drainQueue, type DrainOptions, type DrainSummary } from "./drain.ts";
import { enqueuedJobs, type EnqueuedFilter } from "./enqueued.ts";
import { closeOver, layQueue } from "./lay-queue.ts";
import type { TestClock } from "./test-clock.ts";

export interface TestMillraceOptions {
  /** What time it is when the test begins. @default a day in 2031, the same for every test */
  readonly startAt?: Date | number;
  /** Where chance begins: the jitter of backoffs, the turns of lanes, the ids of jobs. @default 1 */
  readonly seed?: number;
  /** The organisation whose jobs this client sees and makes. @default "default" */
  readonly org?: string;
  /** Where warnings go: pino, console, or anything of that shape. @default nowhere */
  readonly logger?: Logger;
  /**
   * How long a handler may wait for something real (a file, a socket, a timer of Node) before it is taken to wait for
   * the clock, which then goes on; in real milliseconds.
   * @default 1_000
   */
  readonly patienceMs?: number;
}

/** A queue for one test, and what the test does with it. Its functions need no `this`. */
export interface TestMillrace extends AsyncDisposable {
  /** A whole Millrace, on an empty store in memory. Secrets of jobs need no key. */
  readonly mill: Millrace;
  /** The time of this queue; it passes when the test says so. */
  readonly clock: TestClock;
  /**
   * Run until nothing is left that the started workers could run. Time passes over delays, backoffs, snoozes and
   * leases; schedules that come due meanwhile enqueue, but nothing waits for them.
   * @throws DrainError when a bound is reached, with what is left and why; OptionsError when no worker was started
   */
  readonly drain: (options?: DrainOptions) => Promise<DrainSummary>;
  /** The jobs that were enqueued, whatever has become of them, oldest first. */
  readonly enqueued: <Payload = unknown>(filter?: EnqueuedFilter<Payload>) => Promise<Job<Payload>[]>;
  /** Stop the workers, moving the clock over their grace, and forget everything. Safe to call twice. */
  readonly close: () => Promise<void>;
}

const KEYS = [
  "startAt",
  "seed",
  "org",
  "logger",
  "patienceMs",
] as const satisfies readonly (keyof TestMillraceOptions)[];

/**
 * Open a queue of one test's own: the real library on a real store in memory, on a clock that the test moves.
 *
 * ```ts
 * await using queue = await openTestMillrace();
 * const { mill, clock, drain, enqueued } = queue;
 * ```
 * @throws OptionsError naming every wrong option
 */
export async function openTestMillrace(options: TestMillraceOptions = {}): Promise<TestMillrace> {
  refuseOptions(unknownKeys(options, KEYS, "openTestMillrace()"));
  const { seed = 1, org = "default", logger = silentLogger, patienceMs = 1_000, ...rest } = definedOnly(options) as TestMillraceOptions; // prettier-ignore
  const startAt = Number(rest.startAt ?? VIRTUAL_EPOCH);
  refuseOptions([
    nameProblem(org, "openTestMillrace(): org"),
    integerProblem(seed, "openTestMillrace(): seed"),
    Number.isFinite(startAt) ? undefined : `openTestMillrace(): startAt must be a time; got ${show(rest.startAt)}`,
    typeof patienceMs === "number" && patienceMs >= 0
      ? undefined
      : `openTestMillrace(): patienceMs must be milliseconds, 0 or more; got ${show(patienceMs)}`,
  ]);
  const queue = await layQueue({ seed, org, logger, patienceMs, startAt: Math.ceil(startAt) });
  const { mill, clock } = queue;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= closeOver(queue));
  return {
    mill,
    clock,
    drain: (drainOptions) => drainQueue(queue, drainOptions),
    enqueued: (filter = {}) => enqueuedJobs(mill, filter),
    close,
    [Symbol.asyncDispose]: close,
  };
}
