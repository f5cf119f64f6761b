import { OptionsError } from "../../core/errors.ts";
import type { HandlerContext, HandlerResult } from "../../core/handler.ts";
import type { Job } from "../../core/job.ts";
import type { JobDefinition } from "../../core/kind.ts";
import { countProblem, integerProblem, refuseOptions, show, unknownKeys } from "../../core/options.ts";
import type { EnqueueOptions } from "../../runtime/enqueue-options.ts";
import type { Millrace } from "../../runtime/millrace.ts";
import { chanceFrom } from "../../core/chance.ts";
import type { TestClock } from "../queue/test-clock.ts";
import { closeGate, openGate } from "./await-gate.ts";
import { ExerciseError, type ExerciseReport, type ExerciseRun } from "./exercise-report.ts";
import {
  FAULT_NAMES,
  faultText,
  HARMLESS_FAULTS,
  parseFault,
  tellFault,
  type Fault,
  type FaultName,
  type FaultText,
} from "./fault.ts";
import { Trial, type TrialResult } from "./trial.ts";

/** How a run of `exercise()` ended, for its `check`. */
export interface ExerciseEnd<World> {
  /** What `setup` made for this run. */
  readonly world: World;
  /** The job as it ended. Under most faults that is as without them; under `cancel` it may be cancelled. */
  readonly job: Job;
  /** What the handler enqueued, in all of its attempts together. */
  readonly enqueued: readonly Job[];
  /** What struck, such as `"die:3"`; `"none"` in the first run. */
  readonly fault: FaultText;
}

export interface ExerciseOptions<Payload, World> {
  /** Makes what the handler has its effects on, anew for each run: fakes, an empty database. @default nothing */
  readonly setup?: (tools: { readonly clock: TestClock }) => World | Promise<World>;
  /** The handler that is tested, or one that calls it with what `setup` made. */
  readonly handler: (
    job: Job<Payload>,
    ctx: HandlerContext<Millrace>,
    world: World,
  ) => HandlerResult | Promise<HandlerResult>;
  /** Throws, with any assertion library, when something is not as it must be once the job has ended. */
  readonly check: (end: ExerciseEnd<World>) => unknown;
  /** @default those after which a job ends as it would have without them; `"time-out"` if there is a time limit */
  readonly faults?: readonly FaultName[];
  /** One fault alone, as the report of an earlier run names it: `"die:3"`. */
  readonly only?: FaultText;
  /** Where chance begins: jitter, ids, and which faults are tried when there are more than `most`. @default 1 */
  readonly seed?: number;
  /** How many faults to try. @default 200 */
  readonly most?: number;
  /** How the job is enqueued. */
  readonly enqueue?: Omit<EnqueueOptions, "tx">;
  /** How long the handler may wait for something real, in real milliseconds, before the clock goes on. @default 1_000 */
  readonly patienceMs?: number;
}

const KEYS = ["setup", "handler", "check", "faults", "only", "seed", "most", "enqueue", "patienceMs"] as const satisfies readonly (keyof ExerciseOptions<never, never>)[]; // prettier-ignore

/**
 * Run a handler again and again, each time on a queue of its own and with one thing going wrong: the process dies after
 * its first await, after its second …; its work is done and then done again; answers are lost; it is too slow. After each
 * run `check` says whether the world is as it must be.
 *
 * An await is seen when the user's own code awaits a promise, or calls its `then`, inside the handler. It is not seen in
 * packages, for values that are no promises (thenables of query builders: await what their `execute()` answers), and
 * between callbacks and timers. What a handler does between two awaits happens as a whole.
 * @throws ExerciseError when `check` threw after a fault, with one line to repeat each of them; OptionsError
 */
export function exercise<Input, Payload, World = undefined>(
  definition: JobDefinition<Input, Payload>,
  payload: Input,
  options: ExerciseOptions<Payload, World>,
): Promise<ExerciseReport>;
export function exercise<Payload = unknown, World = undefined>(
  kind: string,
  payload: Payload,
  options: ExerciseOptions<Payload, World>,
): Promise<ExerciseReport>;
export async function exercise(
  kind: string | JobDefinition,
  payload: unknown,
  options: ExerciseOptions<never, unknown>,
): Promise<ExerciseReport> {
  refuseExerciseOptions(options);
  openGate();
  try {
    return await new Exercise(kind, payload, options).run();
  } finally {
    closeGate();
  }
}

class Exercise {
  readonly #kind: string | JobDefinition;
  readonly #payload: unknown;
  readonly #options: ExerciseOptions<never, unknown>;
  readonly #seed: number;

  constructor(kind: string | JobDefinition, payload: unknown, options: ExerciseOptions<never, unknown>) {
    this.#kind = kind;
    this.#payload = payload;
    this.#options = options;
    this.#seed = options.seed ?? 1;
  }

  async run(): Promise<ExerciseReport> {
    const { only } = this.#options;
    const { run: plain, result } = await this.#try(null, []);
    const awaits = result?.awaits ?? [];
    const writes = result?.writes ?? [];
    const runs = [plain];
    const report = { kind: nameOf(this.#kind), seed: this.#seed, awaits, writes, runs, untried: 0 };
    // It did not come as far as the check: a wrong payload or option, a setup that fails, a job without an end.
    if (plain.error !== null && result === undefined) throw plain.error;
    if (plain.error !== null) throw new ExerciseError(report);
    const all = only === undefined ? this.#faults(awaits.length, writes.length) : onlyFault(only);
    const chosen = this.#choose(all);
    for (const fault of chosen) runs.push((await this.#try(fault, fault.name === "lose-reply" ? writes : awaits)).run);
    if (runs.some(({ error }) => error !== null)) throw new ExerciseError(report);
    if (only !== undefined && runs.some(({ isStruck, fault }) => !isStruck && fault !== "none")) {
      throw new OptionsError(`exercise(): only: ${show(only)} did not come to pass; the handler awaited ${awaits.length} and wrote ${writes.length} times`); // prettier-ignore
    }
    return { ...report, untried: all.length - chosen.length };
  }

  /** Every fault at every point that the handler has come to without one. */
  #faults(awaitCount: number, writeCount: number): readonly Fault[] {
    const hasLimit =
      (this.#options.enqueue?.timeoutMs ?? (this.#kind as JobDefinition).options?.timeoutMs) !== undefined;
    const names = this.#options.faults ?? [...HARMLESS_FAULTS, ...(hasLimit ? (["time-out"] as const) : [])];
    if (names.includes("time-out") && !hasLimit) {
      throw new OptionsError('exercise(): the fault "time-out" needs a time limit: timeoutMs in the definition or in enqueue'); // prettier-ignore
    }
    return names.flatMap((name): Fault[] => {
      if (name === "deliver-twice") return [{ name, at: 0 }];
      return Array.from({ length: name === "lose-reply" ? writeCount : awaitCount }, (_, i) => ({ name, at: i + 1 }));
    });
  }

  /** By the seed, in the order in which they were named. */
  #choose(all: readonly Fault[]): readonly Fault[] {
    const { most = 200 } = this.#options;
    if (all.length <= most) return all;
    const chance = chanceFrom(this.#seed);
    const drawn = all.map((fault) => ({ fault, lot: chance() })).toSorted((a, b) => a.lot - b.lot);
    const lucky = new Set(drawn.slice(0, most).map(({ fault }) => fault));
    return all.filter((fault) => lucky.has(fault));
  }

  async #try(
    fault: Fault | null,
    places: readonly string[],
  ): Promise<{ readonly run: ExerciseRun; readonly result: TrialResult | undefined }> {
    const { setup, handler, check, enqueue = {}, patienceMs = 1_000 } = this.#options;
    const text = faultText(fault);
    const told = fault === null ? "without a fault" : tellFault(fault, places[fault.at - 1]);
    let world: unknown;
    let result: TrialResult | undefined;
    let error: Error | null = null;
    const trial = new Trial({
      kind: this.#kind,
      payload: this.#payload,
      enqueue,
      seed: this.#seed,
      patienceMs,
      fault,
      prepare: async (clock) => {
        world = await setup?.({ clock });
        return (job, ctx) => handler(job as Job<never>, ctx, world);
      },
    });
    try {
      result = await trial.run();
      const { job, enqueued } = result;
      await check({ world, job, enqueued, fault: text });
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(show(thrown));
    }
    return { run: { fault: text, told, isStruck: result?.isStruck ?? false, job: result?.job ?? null, error }, result };
  }
}

function onlyFault(only: FaultText): readonly Fault[] {
  const fault = parseFault(only);
  return fault === null ? [] : [fault];
}

function nameOf(kind: string | JobDefinition): string {
  return typeof kind === "string" ? kind : kind.kind;
}

function refuseExerciseOptions(options: ExerciseOptions<never, unknown>): void {
  refuseOptions(unknownKeys(options, KEYS, "exercise()"));
  const { handler, check, faults, seed, most } = options;
  const unknown = faults?.find((name) => !FAULT_NAMES.includes(name));
  refuseOptions([
    typeof handler === "function" ? undefined : `exercise(): handler must be a function; got ${show(handler)}`,
    typeof check === "function" ? undefined : `exercise(): check must be a function; got ${show(check)}`,
    unknown === undefined ? undefined : `exercise(): faults may be ${FAULT_NAMES.join(", ")}; got ${show(unknown)}`,
    integerProblem(seed, "exercise(): seed"),
    countProblem(most, "exercise(): most"),
  ]);
}
