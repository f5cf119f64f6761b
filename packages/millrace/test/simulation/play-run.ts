import type { Job } from "../../src/core/job.ts";
import { chanceFrom } from "../../src/core/chance.ts";
import { checkHistory } from "../../src/verify/check/check-history.ts";
import type { Entry } from "../../src/verify/history/entry.ts";
import { QUEUES, User } from "./acts.ts";
import { FaultPlan, heal } from "./faults.ts";
import { describe, Ledger, type Broken } from "./ledger.ts";
import { QUEUE_SETTINGS, type ReusedStore } from "./reused-store.ts";
import { Scheduler } from "./scheduler.ts";
import { SimulatedProcess, type Sabotage, type Stage } from "./simulated-process.ts";
import { Trace } from "./trace.ts";

export interface RunOptions {
  readonly seed: number;
  readonly reused: ReusedStore;
  readonly sabotage?: Sabotage;
  /** Whether the lines of the trace are kept. */
  readonly isTraced?: boolean;
}

export interface RunResult {
  readonly seed: number;
  readonly broken: readonly Broken[];
  /** What the history does not tell enough of to be judged. */
  readonly unknown: number;
  readonly isCalm: boolean;
  /** So many scheduling points were drawn. */
  readonly points: number;
  readonly virtualMs: number;
  readonly jobs: readonly Job[];
  readonly entries: readonly Entry[];
  readonly trace: Trace;
}

/** Users are done by then, or have waited long enough. */
const MOST_ACTING_MS = 3_000;
/** After the last fault: leases run out, are taken back, and what is left is tried again. */
const MOST_ENDING_MS = 15_000;
/** All handlers of a run one after the other take less; looking for what was missed takes longer. */
const MOST_WAITING_MS = 1_200;
const MOST_CLOSING_MS = 2_000;
const MOST_LINGERING_MS = 5_000;
/** A run that takes more runs in circles. */
const MOST_POINTS = 20_000;

/**
 * One run of the whole library: some processes with users, handlers and faults, in an order that follows from the seed
 * alone; then the faults are over, everything has to come to an end, and what was seen is checked.
 */
export async function playRun(options: RunOptions): Promise<RunResult> {
  return new Run(options).play();
}

class Run {
  readonly #options: RunOptions;
  readonly #chance: () => number;
  readonly #isCalm: boolean;
  readonly #stage: Stage;
  readonly #faults: FaultPlan;
  readonly #processes: SimulatedProcess[] = [];
  /** Users that are not done, by their process. */
  readonly #acting = new Set<SimulatedProcess>();
  #unknown = 0;
  /** When nobody worked for the last time, on the store's clock. */
  #unworkedAt = 0;
  #isEnding = false;
  #isUnblocked = false;
  #isAttended = false;

  constructor(options: RunOptions) {
    const { seed, reused, sabotage, isTraced = false } = options;
    this.#options = options;
    const chance = chanceFrom(seed);
    this.#chance = chance;
    this.#isCalm = chance() < 0.3;
    const haste = this.#isCalm ? 0 : ([0, 0, 0.02, 0.1][this.#below(4)] ?? 0);
    const trace = new Trace(isTraced);
    const scheduler = new Scheduler(chance, { haste, isUneven: chance() < 0.5 }, trace);
    let moment = 0;
    const entries: Entry[] = [];
    this.#stage = {
      scheduler,
      store: reused.begin(scheduler.clock.now, (fn) => scheduler.nextTurn(scheduler.world, fn)),
      ledger: new Ledger(),
      chance,
      entries,
      now: () => (moment = Math.max(moment + 1, Math.floor(scheduler.clock.monotonic() * 1_000))),
      sabotage,
      isCalm: this.#isCalm,
      outageUntil: 0,
      orphans: 0,
    };
    this.#faults = new FaultPlan(chance, this.#isCalm);
    QUEUES.forEach((queue, call) => {
      const { cancelGraceMs } = QUEUE_SETTINGS;
      const operation = { name: "configure", queue, cancelGraceMs } as const;
      const { now } = this.#stage;
      entries.push({ type: "call", process: "setup", call, at: now(), operation });
      entries.push({ type: "answer", process: "setup", call, at: now(), answer: { name: "configure" } });
    });
  }

  async play(): Promise<RunResult> {
    const { ledger, scheduler, entries } = this.#stage;
    const onRejection = (error: unknown): void => ledger.breaks("G10", `nobody heard of: ${describe(error)}`);
    process.on("unhandledRejection", onRejection);
    try {
      await this.#act();
      await this.#end();
      await this.#close();
      const jobs = await this.#judge();
      const { seed } = this.#options;
      const virtualMs = scheduler.clock.monotonic();
      const { drawn: points, trace } = scheduler;
      const isCalm = this.#isCalm;
      const unknown = this.#unknown;
      return { seed, broken: ledger.broken, unknown, isCalm, points, virtualMs, jobs, entries, trace };
    } finally {
      process.off("unhandledRejection", onRejection);
    }
  }

  async #act(): Promise<void> {
    const count = [1, 1, 2, 2, 2, 3][this.#below(6)] ?? 2;
    for (let i = 0; i < count; i++) this.#begin(`process-${i}`, 1 + this.#below(2), 1 + this.#below(2));
    await this.#until(() => this.#acting.size === 0, MOST_ACTING_MS);
  }

  /** A process with its users; when it is killed, another may take its place. */
  #begin(name: string, users: number, acts: number): void {
    const { scheduler } = this.#stage;
    const process = this.#spawn(name);
    this.#acting.add(process);
    const live = async (): Promise<void> => {
      const hasWorker = this.#below(5) > 0;
      if (hasWorker) await process.call("start()", process.startWorker(1 + this.#below(3), this.#below(3)));
      const act = async (): Promise<void> => {
        const user = new User(process);
        for (let i = 0; i < acts; i++) await user.act(i === 0);
      };
      await Promise.all(Array.from({ length: users }, act));
      if (this.#below(4) === 0) await process.close();
      this.#acting.delete(process);
    };
    scheduler.later(process, "step", "begins", () => void live());
    process.onDeath = () => {
      this.#acting.delete(process);
      if (this.#below(3) > 0) {
        scheduler.after(scheduler.world, this.#below(200), () => {
          if (!this.#isEnding) this.#begin(`${name}'`, 1, 1 + this.#below(2));
        });
      }
    };
  }

  #spawn(name: string): SimulatedProcess {
    const process = new SimulatedProcess(name, this.#stage);
    this.#processes.push(process);
    return process;
  }

  /** The faults are over; somebody is there who works on everything. */
  async #end(): Promise<void> {
    const { reused } = this.#options;
    const { scheduler, ledger } = this.#stage;
    this.#isEnding = true;
    this.#faults.end();
    heal(this.#stage, this.#processes);
    scheduler.rest();
    // Who paused a queue may be dead, and others wait for its jobs.
    reused.unblock();
    const isOver = await this.#until(() => {
      this.#attend();
      return this.#acting.size === 0 && this.#stage.orphans === 0 && reused.openCount === 0;
    }, MOST_ENDING_MS);
    if (isOver) return;
    const users = [...this.#acting].map(({ name }) => name);
    ledger.breaks(
      "G3",
      `after ${MOST_ENDING_MS} ms ${reused.openCount} jobs have not ended; users of: ${users.join()}`,
    );
  }

  /** Whatever users left undone, paused or scheduled; and somebody has to be there who works. */
  #attend(): void {
    if (this.#acting.size === 0 && this.#stage.orphans === 0 && !this.#isUnblocked) {
      this.#options.reused.unblock();
      this.#isUnblocked = true;
    }
    if (this.#isWorked || this.#isAttended) return;
    this.#isAttended = true;
    const last = this.#spawn("last");
    void last.call("start()", last.startWorker(4, 0));
  }

  get #isWorked(): boolean {
    return this.#processes.some((process) => process.isAlive && process.isWorking && !process.isClosing);
  }

  async #close(): Promise<void> {
    const open = this.#processes.filter(({ isAlive }) => isAlive);
    const closing = Promise.all(open.map((process) => process.close()));
    const isClosed = await this.#finish(closing, MOST_CLOSING_MS);
    if (!isClosed) this.#stage.ledger.breaks("G10", `close() took longer than ${MOST_CLOSING_MS} ms`);
    const { ledger, scheduler } = this.#stage;
    ledger.settleAccounts();
    if (await this.#until(() => !open.some((process) => scheduler.isKeptAlive(process)), MOST_LINGERING_MS)) return;
    ledger.breaks("G10", "a closed client keeps its process from ending");
  }

  async #judge(): Promise<readonly Job[]> {
    const { ledger, store, entries } = this.#stage;
    const { jobs } = this.#options.reused;
    const { violations } = await store.audit();
    await store.close();
    for (const { guarantee, message, rows } of violations) ledger.breaks(guarantee, `${message}: ${rows.join()}`);
    ledger.compare(jobs);
    if (this.#isCalm) this.#judgeCalm(jobs);
    const verdict = checkHistory(entries, jobs);
    // A claim that nobody heard of may have held what others then passed over, for as long as its lease lasts.
    const isOrderKnown = !isAnyClaimUnheard(entries);
    for (const { guarantee, message, story } of verdict.violations) {
      if (guarantee === "G12" && !isOrderKnown) continue;
      const told = story.map(({ process, said }) => `${process ?? "time"} ${said}`).join("; ");
      ledger.breaks(guarantee, `${message}: ${told}`);
    }
    this.#unknown = verdict.unknown.length;
    return jobs;
  }

  /** Where nothing was wrong, no lease runs out, and nobody depends on looking from time to time. */
  #judgeCalm(jobs: readonly Job[]): void {
    const { ledger } = this.#stage;
    const { lostCount } = this.#options.reused;
    if (lostCount > 0) ledger.breaks("G9", `${lostCount} leases ran out, though nothing was wrong`);
    for (const { id, startedAt, createdAt, runAt } of jobs) {
      const dueAt = Math.max(createdAt.getTime(), runAt.getTime(), this.#unworkedAt);
      const lateMs = (startedAt?.getTime() ?? 0) - dueAt;
      if (lateMs > MOST_WAITING_MS) ledger.breaks("late", `${id} started ${lateMs} ms after it could have`);
    }
  }

  /** Go on until something has ended. False when it does not, or has not within the time. */
  async #finish(promise: Promise<unknown>, mostMs = MOST_ENDING_MS): Promise<boolean> {
    let isDone = false;
    promise.then(
      () => (isDone = true),
      () => (isDone = true),
    );
    return this.#until(() => isDone, mostMs);
  }

  async #until(isOver: () => boolean, mostMs: number): Promise<boolean> {
    const { scheduler, ledger } = this.#stage;
    const limit = scheduler.clock.monotonic() + mostMs;
    await scheduler.follow();
    while (!isOver()) {
      if (scheduler.clock.monotonic() > limit) return false;
      if (!this.#isWorked) this.#unworkedAt = scheduler.clock.now();
      if (scheduler.drawn > MOST_POINTS) {
        ledger.breaks("G10", `it runs in circles: ${MOST_POINTS} points were not enough`);
        return false;
      }
      this.#faults.strike(this.#stage, this.#processes);
      if (!(await scheduler.step())) return isOver();
    }
    return true;
  }

  #below(most: number): number {
    return Math.floor(this.#chance() * most);
  }
}

function isAnyClaimUnheard(entries: readonly Entry[]): boolean {
  const claims = new Set<string>();
  for (const entry of entries) {
    if (entry.type === "call" && entry.operation.name === "claim") claims.add(`${entry.process} ${entry.call}`);
    if (entry.type === "answer" && entry.answer.name === "claim") claims.delete(`${entry.process} ${entry.call}`);
  }
  return claims.size > 0;
}
