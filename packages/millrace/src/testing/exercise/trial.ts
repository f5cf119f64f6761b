import { StoreError } from "../../core/errors.ts";
import type { Handler, HandlerContext } from "../../core/handler.ts";
import type { Job, JobId } from "../../core/job.ts";
import type { JobDefinition } from "../../core/kind.ts";
import type { Settlement } from "../../core/settlement.ts";
import { isFinal } from "../../core/states.ts";
import type { Store } from "../../core/store.ts";
import { openMemoryStore } from "../../open-store.ts";
import type { EnqueueOptions } from "../../runtime/enqueue-options.ts";
import type { Millrace } from "../../runtime/millrace.ts";
import { chanceFrom } from "../../core/chance.ts";
import type { StoreCall } from "../queue/intercept-calls.ts";
import { OPEN_VAULT } from "../queue/open-vault.ts";
import { Passage } from "../queue/passage.ts";
import { StoreWatch } from "../queue/store-watch.ts";
import { runtimeClock, TestClock } from "../queue/test-clock.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { callThroughGate } from "./await-gate.ts";
import type { Fault } from "./fault.ts";
import { never, TestProcess } from "./test-process.ts";

/** What is run, under one fault or none. */
export interface TrialPlan {
  readonly kind: string | JobDefinition;
  readonly payload: unknown;
  readonly enqueue: EnqueueOptions;
  readonly seed: number;
  readonly patienceMs: number;
  readonly fault: Fault | null;
  /** Makes the handler, on a world of this trial alone. */
  readonly prepare: (clock: TestClock) => Promise<Handler<unknown, Millrace>>;
}

export interface TrialResult {
  /** The job as it ended. */
  readonly job: Job;
  /** What the handler enqueued, in all attempts, as it was then. */
  readonly enqueued: readonly Job[];
  /** Where the first attempt awaited something, in order. */
  readonly awaits: readonly string[];
  /** What the first process asked the store to write for the job, in order. */
  readonly writes: readonly string[];
  /** Whether the fault came to pass. */
  readonly isStruck: boolean;
}

const WRITES: ReadonlySet<string> = new Set(["settle", "enqueue", "number", "cancel"] satisfies (keyof Store)[]);
const DAY_MS = 86_400_000;
const MOST_ATTEMPTS = 1_000;

/** Runs one job to its end on a store of its own, with a second process to take over from one that dies. */
export class Trial {
  readonly #plan: TrialPlan;
  readonly #time = new VirtualClock();
  readonly #watch = new StoreWatch();
  readonly #clock: TestClock;
  readonly #awaits: string[] = [];
  readonly #writes: string[] = [];
  #job: JobId | undefined;
  #handler: Handler<unknown, Millrace> | undefined;
  #passage!: Passage;
  #first!: TestProcess;
  #second!: TestProcess;
  /** Calls of the handler that have not ended, by process. */
  readonly #atWork = new Map<TestProcess, number>();
  #cancel: () => void = () => undefined;
  #isStruck = false;
  /** While the fault holds the first attempt. */
  #held: Promise<void> | undefined;
  #release: (() => void) | undefined;

  constructor(plan: TrialPlan) {
    this.#plan = plan;
    this.#clock = new TestClock(this.#time, (ms) => this.#passage.advance(ms));
  }

  /** @throws Error when the job does not come to an end, and whatever `prepare` throws */
  async run(): Promise<TrialResult> {
    const store = await openMemoryStore(this.#time.now);
    try {
      this.#passage = new Passage({
        store,
        time: this.#time,
        watch: this.#watch,
        patienceMs: this.#plan.patienceMs,
        nextWakeInMs: () => this.#clock.nextWakeInMs(),
        atWorkCount: () => this.#atWorkCount(),
      });
      const watched = this.#watch.watch(store);
      const producer = this.#process(watched, 0);
      this.#first = this.#process(watched, 1, (call, pass) => this.#write(call, pass));
      this.#second = this.#process(watched, 2);
      this.#handler = await this.#plan.prepare(this.#clock);
      const { id } = await producer.mill.enqueue(this.#plan.kind as string, this.#plan.payload, this.#plan.enqueue);
      this.#job = id;
      this.#cancel = () => void producer.mill.cancel(id, { by: "exercise" });
      await this.#work(this.#first);
      const job = await this.#end(producer.mill, id);
      const enqueued = this.#watch.created.filter((other) => other.id !== id);
      return { job, enqueued, awaits: this.#awaits, writes: this.#writes, isStruck: this.#isStruck };
    } finally {
      this.#first.kill();
      this.#second.kill();
      await store.close();
    }
  }

  #process(store: Store, index: number, around?: (call: StoreCall, pass: () => unknown) => unknown): TestProcess {
    const random = chanceFrom(this.#plan.seed * 4 + index);
    const parts = { store, clock: runtimeClock(this.#time, this.#watch), random, vault: OPEN_VAULT };
    return new TestProcess(around === undefined ? parts : { ...parts, around });
  }

  async #work(process: TestProcess): Promise<void> {
    const { kind, enqueue } = this.#plan;
    const needed = enqueue.requires ?? (typeof kind === "string" ? [] : (kind.options.requires ?? []));
    const worker = process.mill.worker({ concurrency: 1, labels: needed });
    worker.handle(kind, (job, ctx) => this.#call(process, job, ctx));
    await worker.start();
  }

  /** Until the job has ended, and a handler that was held meanwhile as well. */
  async #end(mill: Millrace, id: JobId): Promise<Job> {
    const check = (): void => {
      if (this.#watch.settled.length > MOST_ATTEMPTS)
        throw new Error(`the job ran ${MOST_ATTEMPTS} times without an end`);
    };
    for (;;) {
      await this.#passage.settle(check);
      const job = await mill.get(id);
      if (job === null) throw new Error("the job was deleted before it ended");
      if (isFinal(job.state)) {
        if (this.#held === undefined && this.#atWorkCount() === 0) return job;
        this.#goOn();
      }
      if (this.#time.monotonic() > DAY_MS) {
        const { sentences } = await mill.explain(id);
        throw new Error(`after a day of its clock the handler has not ended, or its job: ${sentences.join(" ")}`);
      }
      await this.#passage.step(DAY_MS, check);
    }
  }

  /** The process that stood still goes on. */
  #goOn(): void {
    this.#first.thaw();
    this.#release?.();
    this.#release = undefined;
  }

  // ─── The handler ──────────────────────────────────────────────────────────────────────────────────────────────────

  async #call(process: TestProcess, job: Job, ctx: HandlerContext<Millrace>): Promise<unknown> {
    // Other jobs of the kind are what the handler enqueued; this is about the one.
    if (job.id !== this.#job) return never();
    const isFirst = process === this.#first && ctx.token === 1;
    const call = { onAwait: (place: string) => (isFirst ? this.#awaited(place, ctx) : undefined) };
    this.#count(process, 1);
    try {
      return await callThroughGate(call, () => this.#handler?.(job, ctx));
    } finally {
      this.#count(process, -1);
    }
  }

  #count(process: TestProcess, change: number): void {
    this.#atWork.set(process, (this.#atWork.get(process) ?? 0) + change);
  }

  /** Handlers that can be expected to go on by themselves: not those of the dead, nor one that the fault holds. */
  #atWorkCount(): number {
    let count = this.#held === undefined ? 0 : -1;
    for (const [process, calls] of this.#atWork) if (!process.isDead) count += calls;
    return count;
  }

  #awaited(place: string, ctx: HandlerContext): Promise<void> | undefined {
    if (this.#first.isDead) return never();
    if (this.#held !== undefined) return this.#held;
    this.#awaits.push(place);
    const { fault } = this.#plan;
    if (this.#isStruck || fault === null || fault.at !== this.#awaits.length) return undefined;
    switch (fault.name) {
      case "die":
        this.#strike();
        this.#die();
        return never();
      case "slow":
        this.#strike();
        this.#first.freeze();
        void this.#work(this.#second);
        return this.#hold(new Promise((resolve) => (this.#release = resolve)));
      case "cancel":
        this.#strike();
        this.#cancel();
        return this.#hold(fired(ctx.signal));
      case "time-out":
        this.#strike();
        return this.#hold(fired(ctx.signal));
      case "deliver-twice":
      case "lose-reply":
        return undefined;
    }
  }

  async #hold(until: Promise<void>): Promise<void> {
    this.#held = until;
    await until;
    this.#held = undefined;
  }

  #strike(): void {
    this.#isStruck = true;
  }

  #die(): void {
    this.#first.kill();
    void this.#work(this.#second);
  }

  // ─── What it writes ───────────────────────────────────────────────────────────────────────────────────────────────

  #write(call: StoreCall, pass: () => unknown): unknown {
    const isAboutIt = WRITES.has(call.name) && (call.name !== "settle" || this.#isOfJob(call));
    if (!isAboutIt || this.#isStruck) return pass();
    this.#writes.push(call.name);
    const { fault } = this.#plan;
    if (fault?.name === "deliver-twice" && call.name === "settle") {
      this.#strike();
      this.#die();
      return never();
    }
    const answer = pass();
    if (fault?.name !== "lose-reply" || fault.at !== this.#writes.length) return answer;
    this.#strike();
    return lost(answer);
  }

  #isOfJob({ args }: StoreCall): boolean {
    return (args[0] as readonly Settlement[]).some(({ job }) => job === this.#job);
  }
}

async function lost(answer: unknown): Promise<never> {
  await answer;
  throw new StoreError("store_unavailable", "the answer was lost on its way; this is a fault of exercise()");
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
