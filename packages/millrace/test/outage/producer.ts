import { isMillraceError, type Job, type Millrace } from "millrace";
import { expect } from "vitest";
import { readAllJobs } from "../process/all-jobs.ts";
import { expectRefusal, timed, type Answer } from "./recovery.ts";

/** Enqueues one job after the other, come what may, and keeps what it was told. */
export class Producer {
  readonly acknowledged: Job[] = [];
  readonly refusals: Answer<Job>[] = [];
  readonly #mill: Millrace;
  readonly #ended: Promise<void>;
  #isStopped = false;

  constructor(mill: Millrace, kind: string) {
    this.#mill = mill;
    this.#ended = this.#run(kind);
    this.#ended.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#ended;
  }

  async #run(kind: string): Promise<void> {
    for (let n = 0; !this.#isStopped; n += 2) {
      // One alone, then two that may share a statement.
      const calls = n % 4 === 0 ? [n] : [n, n + 1];
      await Promise.all(calls.map((each) => this.#enqueue(kind, each)));
    }
  }

  async #enqueue(kind: string, n: number): Promise<void> {
    const answer = await timed(() => this.#mill.enqueue(kind, { n }));
    if (answer.value !== undefined) this.acknowledged.push(answer.value);
    // The client was closed under it, since its test has failed; going on would only be refused for ever.
    else if (isMillraceError(answer.error) && answer.error.code === "shutting_down") this.#isStopped = true;
    else this.refusals.push(answer);
  }

  /** All it was told is true, nothing is there twice, the numbers have no gap, and every refusal was fair. */
  async expectTruth(): Promise<void> {
    for (const refusal of this.refusals) expectRefusal(refusal);
    const jobs = await readAllJobs(this.#mill);
    const numberOf = new Map(jobs.map(({ id, number }) => [id, number]));
    expect(this.acknowledged.filter(({ id, number }) => numberOf.get(id) !== number)).toEqual([]);
    const orders = jobs.flatMap(({ payload }) => (isOrder(payload) ? [payload.n] : []));
    expect(orders.length).toBe(new Set(orders).size);
    const numbers = jobs.map(({ number }) => number ?? 0).toSorted((a, b) => a - b);
    expect(numbers).toEqual(jobs.map((_, i) => i + 1));
    expect((await this.#mill.verify()).violations).toEqual([]);
  }
}

function isOrder(payload: unknown): payload is { readonly n: number } {
  return typeof payload === "object" && payload !== null && "n" in payload;
}
