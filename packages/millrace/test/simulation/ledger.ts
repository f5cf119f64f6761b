import { isMillraceError } from "../../src/core/errors.ts";
import type { Job, JobId } from "../../src/core/job.ts";

/** A promise of the library that did not hold. */
export interface Broken {
  /** As in docs/guarantees.md. */
  readonly guarantee: string;
  readonly message: string;
}

/** A call of the library by its user. */
interface Pending {
  readonly who: string;
  readonly what: string;
  /** Whether somebody is there to hear of its end. */
  readonly isAlive: () => boolean;
}

/** One call of a handler. */
export interface HandlerRun {
  readonly job: JobId;
  readonly token: number;
  /** Whether it returned or called `complete()` with success. */
  isDone: boolean;
}

/** What users of the library asked for and were told, and what their handlers saw. */
export class Ledger {
  readonly broken: Broken[] = [];
  /** Jobs that somebody knows of, because an enqueue was answered. */
  readonly known: JobId[] = [];
  readonly runs: HandlerRun[] = [];
  /** Jobs that an answer said had ended, as it said. */
  readonly ended: Job[] = [];
  /** Jobs whose cancel was accepted. */
  readonly cancelled: JobId[] = [];
  readonly numbers: { readonly scope: string; readonly number: number }[] = [];
  readonly #pending = new Set<Pending>();
  #asks = 0;

  /** A mark for what is asked for now; no other has it. */
  nextAsk(): number {
    return (this.#asks += 1);
  }

  breaks(guarantee: string, message: string): void {
    this.broken.push({ guarantee, message });
  }

  /** Keep that a call was made, until it ends; answers `undefined` when it was refused with an error of Millrace. */
  async call<T>(who: string, what: string, isAlive: () => boolean, made: Promise<T>): Promise<T | undefined> {
    const pending = { who, what, isAlive };
    this.#pending.add(pending);
    try {
      return await made;
    } catch (error) {
      if (!isMillraceError(error)) this.breaks("G10", `${who}: ${what} failed with ${describe(error)}`);
      else if (error.code === "invariant_broken") this.breaks("G10", `${who}: ${what}: ${error.message}`);
      return undefined;
    } finally {
      this.#pending.delete(pending);
    }
  }

  /** When all is over nobody alive may still wait for anything. */
  settleAccounts(): void {
    for (const { who, what, isAlive } of this.#pending) {
      if (isAlive()) this.breaks("G10", `${who}: ${what} never ended`);
    }
  }

  /** Hold what was told against what lies in the store in the end. */
  compare(jobs: readonly Job[]): void {
    const byId = new Map(jobs.map((job) => [job.id, job]));
    for (const id of this.known) if (!byId.has(id)) this.breaks("G3", `${id} was acknowledged and is not there`);
    for (const { id, state } of this.ended) {
      const now = byId.get(id)?.state;
      if (now !== state) this.breaks("G6", `${id} was told to be ${state} and is ${now ?? "not there"}`);
    }
    for (const id of this.cancelled) {
      const state = byId.get(id)?.state;
      if (state !== "cancelled")
        this.breaks("G7", `the cancel of ${id} was accepted and it is ${state ?? "not there"}`);
    }
    this.#compareAsks(jobs);
    this.#compareResults(jobs);
    this.#compareNumbers(jobs);
  }

  /** What was asked for once is there once, whatever was lost in between. */
  #compareAsks(jobs: readonly Job[]): void {
    const byAsk = new Map<number, Job>();
    for (const job of jobs) {
      const { ask, isOften } = job.payload as { readonly ask: number; readonly isOften?: boolean };
      if (job.retryOf !== null || isOften === true) continue;
      const other = byAsk.get(ask);
      if (other !== undefined) this.breaks("G3", `what was asked for once is there twice: ${other.id} and ${job.id}`);
      byAsk.set(ask, job);
    }
  }

  /** A job is completed by an attempt that was, and with what it said. */
  #compareResults(jobs: readonly Job[]): void {
    const runs = new Map(this.runs.map((run) => [`${run.job} ${run.token}`, run]));
    for (const { id, state, result } of jobs) {
      if (state !== "completed") continue;
      const said = result as { readonly job: JobId; readonly token: number } | null;
      const run = runs.get(`${id} ${said?.token ?? 0}`);
      if (said?.job !== id || run?.isDone !== true)
        this.breaks("G2", `${id} is completed with ${JSON.stringify(result)}, which none of its attempts said`);
    }
  }

  #compareNumbers(jobs: readonly Job[]): void {
    const given = new Set<string>();
    const numbered = jobs.flatMap(({ scope, number }) => (number === null ? [] : [{ scope, number }]));
    for (const { scope, number } of [...numbered, ...this.numbers]) {
      const name = `${scope}#${number}`;
      if (given.has(name)) this.breaks("G4", `${name} was given out twice`);
      given.add(name);
    }
  }
}

export function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
