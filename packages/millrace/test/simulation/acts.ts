import { isFinal } from "../../src/core/states.ts";
import type { EnqueueOptions } from "../../src/runtime/enqueue-options.ts";
import { DEEDS, type Order } from "./deeds.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

export const QUEUES = ["mail", "video"] as const;
const SCHEDULE = "every second";

/** In a run where nothing is wrong, nobody depends on looking from time to time. */
const LATE_MS = 100;

type Act = (user: User) => Promise<unknown>;

/** What users of a process do, in the order that chance gives. */
const ACTS: readonly Act[] = [
  ...several(6, (user) => user.enqueue()),
  ...several(3, (user) => user.enqueueMany()),
  ...several(4, (user) => user.cancel()),
  ...several(4, (user) => user.wait()),
  (user) => user.retry(),
  (user) => user.pauseQueue(),
  (user) => user.schedule(),
  (user) => user.number(),
  (user) => user.look(),
  (user) => user.renewWorker(),
  (user) => user.rest(),
  (user) => user.leave(),
];

function several(count: number, one: Act): readonly Act[] {
  return Array.from({ length: count }, () => one);
}

/** One line of calls in a process, each after the one before has been answered. */
export class User {
  readonly #process: SimulatedProcess;

  constructor(process: SimulatedProcess) {
    this.#process = process;
  }

  async act(isFirst: boolean): Promise<void> {
    const act = isFirst ? ACTS[0] : ACTS[this.#below(ACTS.length)];
    if (!this.#process.isClosing) await act?.(this);
  }

  async enqueue(): Promise<void> {
    const { mill } = this.#process;
    const [order, options] = this.#order(this.#below(6) === 0);
    this.#know([await this.#process.call("enqueue()", mill.enqueue("work", order, options))]);
  }

  async enqueueMany(): Promise<void> {
    const items = Array.from({ length: 2 + this.#below(2) }, () => {
      const [payload, options] = this.#order(false);
      return { kind: "work", payload, options };
    });
    this.#know((await this.#process.call("enqueueMany()", this.#process.mill.enqueueMany(items))) ?? []);
  }

  async cancel(): Promise<void> {
    const id = this.#someJob();
    if (id === undefined) return;
    const job = await this.#process.call("cancel()", this.#process.mill.cancel(id, { by: this.#process.name }));
    if (job !== undefined) this.#process.stage.ledger.cancelled.push(job.id);
  }

  async wait(): Promise<void> {
    const { stage, mill } = this.#process;
    const id = this.#someJob();
    if (id === undefined) return;
    const options = this.#below(2) === 0 ? { timeoutMs: 40 } : {};
    const before = await this.#process.call("get()", mill.get(id));
    // What had ended before is answered whenever it is asked for.
    const isWatched = before !== undefined && before !== null && !isFinal(before.state);
    const job = await this.#process.call("wait()", mill.wait(id, options));
    if (job === undefined) return;
    stage.ledger.ended.push(job);
    const lateMs = stage.scheduler.clock.now() - (job.finishedAt?.getTime() ?? 0);
    if (stage.isCalm && isWatched && lateMs > LATE_MS)
      stage.ledger.breaks("late", `wait() told ${lateMs} ms after it that ${id} had ended`);
    if (!isFinal(job.state)) stage.ledger.breaks("G10", `wait() answered with ${id}, which is ${job.state}`);
  }

  async retry(): Promise<void> {
    const id = this.#someJob();
    if (id !== undefined) this.#know([await this.#process.call("retry()", this.#process.mill.retry(id))]);
  }

  async pauseQueue(): Promise<void> {
    const queue = this.#process.mill.queue(QUEUES[this.#below(QUEUES.length)] ?? "mail");
    await this.#process.call("pause()", queue.pause());
    await this.#process.pause(this.#below(30));
    await this.#process.call("resume()", queue.resume());
  }

  async schedule(): Promise<void> {
    const order: Order = { ask: this.#process.stage.ledger.nextAsk(), deed: "return", isOften: true };
    const made = this.#process.mill.schedule(SCHEDULE, "* * * * * *", "work", order, { queue: "mail" });
    await this.#process.call("schedule()", made);
    await this.#process.pause(this.#below(1_100));
  }

  async number(): Promise<void> {
    // Of the user's own: nobody but the user knows which numbers are used.
    const scope = "invoices";
    const number = await this.#process.call("number()", this.#process.mill.number(scope));
    if (number !== undefined) this.#process.stage.ledger.numbers.push({ scope, number });
  }

  async look(): Promise<void> {
    const { mill } = this.#process;
    await this.#process.call("counts()", mill.counts());
    const id = this.#someJob();
    if (id !== undefined) await this.#process.call("explain()", mill.explain(id));
  }

  /** Nothing may be lost by it, and nothing left behind. */
  async renewWorker(): Promise<void> {
    await this.#process.call("stop()", this.#process.stopWorker(this.#below(3) === 0));
    await this.#process.call("start()", this.#process.startWorker(1 + this.#below(2), 0));
  }

  /** While others of the process are in the middle of something. */
  async leave(): Promise<void> {
    await this.#process.close();
  }

  async rest(): Promise<void> {
    await this.#process.pause(this.#below(40));
  }

  /** @param isKeyed whether it is the same as all others with a key */
  #order(isKeyed: boolean): readonly [Order, EnqueueOptions] {
    const ask = isKeyed ? 0 : this.#process.stage.ledger.nextAsk();
    const deed = isKeyed ? "stay" : (DEEDS[this.#below(DEEDS.length)] ?? "return");
    return [
      { ask, deed, ...(isKeyed ? { isOften: true } : {}) },
      {
        queue: QUEUES[this.#below(QUEUES.length)] ?? "mail",
        priority: this.#below(3),
        maxAttempts: 1 + this.#below(3),
        ...(this.#below(4) === 0 ? { delayMs: this.#below(30) } : {}),
        ...(this.#below(4) === 0 || deed === "ignore the signal" ? { timeoutMs: 1 + this.#below(60) } : {}),
        ...(isKeyed ? { key: "the one" } : {}),
      },
    ];
  }

  #know(jobs: readonly ({ readonly id: `job_${string}` } | undefined)[]): void {
    for (const job of jobs) if (job !== undefined) this.#process.stage.ledger.known.push(job.id);
  }

  #someJob(): `job_${string}` | undefined {
    const { known } = this.#process.stage.ledger;
    return known[this.#below(known.length)];
  }

  #below(most: number): number {
    return Math.floor(this.#process.stage.chance() * most);
  }
}
