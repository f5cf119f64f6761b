import type { JobId } from "../../src/core/job.ts";
import type { Store } from "../../src/core/store.ts";
import { Kernel } from "../../src/runtime/kernel.ts";
import { Millrace } from "../../src/runtime/millrace.ts";
import type { Worker } from "../../src/runtime/worker.ts";
import { chanceFrom } from "../../src/core/chance.ts";
import type { Entry } from "../../src/verify/history/entry.ts";
import { recordingStore } from "../../src/verify/history/recording-store.ts";
import { handlerOf } from "./deeds.ts";
import { describe, type Ledger } from "./ledger.ts";
import type { Actor, Scheduler } from "./scheduler.ts";
import { Wire, type Fate } from "./wire.ts";

/** Long beside what handlers do, so that few heartbeats pass in a run. */
export const LEASE_MS = 600;
/** Where nothing is wrong it makes no difference, but to claims, which wait longer before they look by themselves. */
const CALM_LEASE_MS = 12_000;
const STOP_GRACE_MS = 40;
const ABORT_GRACE_MS = 30;

/** What the processes of a run share. */
export interface Stage {
  readonly scheduler: Scheduler;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly chance: () => number;
  readonly entries: Entry[];
  /** Microseconds that never stand still. */
  readonly now: () => number;
  /** Nothing goes wrong in this run, and time passes only while nothing else can go on. */
  readonly isCalm: boolean;
  /** Puts a bug before the store, for tests of the simulation. */
  readonly sabotage: Sabotage | undefined;
  /** No call of any process arrives until then. */
  outageUntil: number;
  /** Calls of dead processes that are still on their way. */
  orphans: number;
}

/** The store as a broken runtime would use it. */
export type Sabotage = (store: Store, process: { readonly newId: () => JobId }) => Store;

/** A program that uses the library: a client, workers, and a way to the store that may fail. */
export class SimulatedProcess implements Actor {
  readonly name: string;
  readonly stage: Stage;
  readonly mill: Millrace;
  isAlive = true;
  isClosing = false;
  stalledUntil = 0;
  /** How far its clock on the wall is off. */
  offsetMs = 0;
  outageUntil = 0;
  /** So many of its next calls have their answers lost, are refused; so many wake-ups do not come. */
  readonly bad = { answers: 0, calls: 0, wakes: 0 };
  /** Of which it was told that they are lost: job and token. */
  readonly lostLeases = new Set<string>();
  readonly #wire: Wire;
  readonly #kernel: Kernel;
  worker: Worker<Millrace> | undefined;
  /** Its worker has been started, and nobody has stopped it. */
  isWorking = false;
  onDeath: () => void = () => undefined;

  constructor(name: string, stage: Stage) {
    this.name = name;
    this.stage = stage;
    const { scheduler, entries, now, ledger } = stage;
    this.#wire = new Wire({
      store: stage.store,
      scheduler,
      actor: this,
      fate: () => this.#fate(),
      isWakeLost: () => this.bad.wakes > 0 && this.bad.wakes-- > 0,
      onAnswer: (method, args, answer) => this.#noteLost(method, args, answer),
    });
    const clock = scheduler.clockOf(this, () => this.offsetMs);
    const random = chanceFrom(Math.floor(stage.chance() * 2 ** 32));
    const known = { newId: () => this.#kernel.newId() };
    const used = stage.sabotage?.(this.#wire.store, known) ?? this.#wire.store;
    const store = recordingStore(used, { process: name, now, write: (entry) => void entries.push(entry) });
    const nothing = (): void => undefined;
    const error = (fields: Readonly<Record<string, unknown>>, message: string): void =>
      ledger.breaks("G10", `${name} logged an error: ${message}: ${describe(fields["error"])}`);
    const logger = { debug: nothing, info: nothing, warn: nothing, error };
    this.#kernel = new Kernel({ store, org: "default", clock, random, logger, host: null, pid: null });
    entries.push({ type: "process", at: now(), process: name, name, pid: 0, seed: null, role: "simulated" });
    this.mill = new Millrace(this.#kernel, () => store.close());
  }

  /** What the process does next waits for so long, and then for its turn. */
  pause(ms: number): Promise<void> {
    const { scheduler } = this.stage;
    return new Promise((resolve) => {
      if (ms > 0) scheduler.after(this, ms, resolve);
      else scheduler.later(this, "step", "goes on", resolve);
    });
  }

  /** A call of the library: who made it wants an answer for as long as the process lives. */
  call<T>(what: string, made: Promise<T>): Promise<T | undefined> {
    return this.stage.ledger.call(this.name, what, () => this.isAlive, made);
  }

  async startWorker(concurrency: number, prefetch: number): Promise<void> {
    const graces = { stopGraceMs: STOP_GRACE_MS, abortGraceMs: ABORT_GRACE_MS };
    const leaseMs = this.stage.isCalm ? CALM_LEASE_MS : LEASE_MS;
    const worker = this.mill.worker({ concurrency, prefetch, leaseMs, name: this.name, ...graces });
    worker.handle("work", handlerOf(this));
    this.worker = worker;
    await worker.start();
    this.isWorking = this.worker === worker;
  }

  async stopWorker(isForced: boolean): Promise<void> {
    const { worker } = this;
    this.worker = undefined;
    this.isWorking = false;
    await worker?.stop({ force: isForced });
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    this.isClosing = true;
    await this.call("close()", this.mill.close());
  }

  /** As `kill -9`: nothing of it happens any more; what it sent may have an effect. */
  die(): void {
    const { scheduler, chance } = this.stage;
    scheduler.trace.note(scheduler.clock.monotonic(), this.name, "dies");
    scheduler.forget(this);
    this.stage.orphans += this.#wire.cut(
      () => chance() < 0.5,
      () => (this.stage.orphans -= 1),
    );
    this.onDeath();
  }

  #fate(): Fate {
    const now = this.stage.scheduler.clock.monotonic();
    if (now < this.outageUntil || now < this.stage.outageUntil) return "refuse";
    if (this.bad.calls > 0) {
      this.bad.calls -= 1;
      return "refuse";
    }
    if (this.bad.answers === 0) return "serve";
    this.bad.answers -= 1;
    return "lose";
  }

  #noteLost(method: string, args: readonly unknown[], answer: unknown): void {
    if (method !== "heartbeat") return;
    const leases = args[1] as readonly { readonly job: JobId; readonly token: number }[];
    (answer as readonly string[]).forEach((status, i) => {
      const lease = leases[i];
      if (status === "lost" && lease !== undefined) this.lostLeases.add(`${lease.job} ${lease.token}`);
    });
  }
}
