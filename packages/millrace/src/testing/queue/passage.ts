import { setImmediate as soon, setTimeout as later } from "node:timers";
import type { Store } from "../../core/store.ts";
import type { VirtualClock } from "../virtual-clock.ts";
import type { StoreWatch } from "./store-watch.ts";

/** The runtime takes one turn of the event loop between two calls to the store; two without any mean that it rests. */
const QUIET_TURNS = 2;
/**
 * While handlers run, the loops of the runtime are let look around so often. Leases are kept at that: whoever comes late
 * to rescue prolongs its own first.
 */
const STRIDE_MS = 5_000;
/** Turns to look at without pausing: most handlers that wait for something real have it by then. */
const EAGER_TURNS = 50;

export interface PassageOptions {
  /** The store as it is, without anything around it. */
  readonly store: Store;
  readonly time: VirtualClock;
  readonly watch: StoreWatch;
  readonly patienceMs: number;
  /** Milliseconds of virtual time until somebody who sleeps wakes up; `null` when nobody sleeps. */
  readonly nextWakeInMs: () => number | null;
  /** How many handlers run that may go on by themselves, when something real has come that they wait for. */
  readonly atWorkCount: () => number | Promise<number>;
}

/**
 * How virtual time passes over a runtime that works in real turns of the event loop: it goes on only while the runtime
 * rests, from one moment at which something is due to the next.
 *
 *   at rest ── nothing runs ──► to the next due job, schedule or sleeper
 *      │  ▲
 *      │  └── at rest again, handlers that began have ended, or wait for longer than the patience
 *      └────── something runs ──► to the next of these, time limits, and a few seconds at most
 */
export class Passage {
  readonly #options: PassageOptions;
  /** Attempts that wait for something that may be virtual time; nobody waits for them in real time any more. */
  #patientCount = 0;

  constructor(options: PassageOptions) {
    this.#options = options;
  }

  /** Resolves when the runtime has no more to do at this moment. @param check called at every turn; may throw */
  async rest(check?: () => void): Promise<void> {
    const { watch } = this.#options;
    for (let still = 0; still < QUIET_TURNS;) {
      const before = watch.callCount;
      await nextTurn();
      still = watch.inFlightCount === 0 && watch.callCount === before ? still + 1 : 0;
      check?.();
    }
  }

  /** As `rest`, and handlers that run have ended, sleep until a virtual time, or say nothing for the patience. */
  async settle(check?: () => void): Promise<void> {
    for (;;) {
      await this.rest(check);
      const atWork = await this.#options.atWorkCount();
      this.#patientCount = Math.min(this.#patientCount, atWork);
      if (atWork <= this.#patientCount || this.#options.nextWakeInMs() !== null) return;
      if (!(await this.#somethingHappens(atWork))) this.#patientCount = atWork;
    }
  }

  /** Let `ms` pass. Who runs now is not waited for: it is under them that time is to pass. */
  async advance(ms: number, check?: () => void): Promise<void> {
    const { time } = this.#options;
    const end = time.monotonic() + ms;
    await this.rest(check);
    this.#patientCount = await this.#options.atWorkCount();
    while (time.monotonic() < end) await this.step(end - time.monotonic(), check);
  }

  /** Let time pass until something may happen, or for `mostMs`. */
  async step(mostMs: number, check?: () => void): Promise<void> {
    const { store, nextWakeInMs } = this.#options;
    const { running } = await store.counts({ state: "running" });
    const stopMs = Math.min(mostMs, nextWakeInMs() ?? Number.POSITIVE_INFINITY, await this.#nextDueInMs());
    if (running > 0) this.#stride(Math.min(stopMs, STRIDE_MS));
    else this.#options.time.advance(stopMs);
    await this.settle(check);
  }

  /** Let time pass until a timer fires that is not one of the loops', such as a time limit, or for `mostMs`. */
  #stride(mostMs: number): void {
    const { time, watch } = this.#options;
    const end = time.monotonic() + mostMs;
    const { otherTimerCount } = watch;
    while (watch.otherTimerCount === otherTimerCount) {
      const leftMs = end - time.monotonic();
      if (leftMs <= 0) return;
      time.advance(Math.min(leftMs, time.nextInMs ?? leftMs));
    }
  }

  async #nextDueInMs(): Promise<number> {
    const { store, time, watch } = this.#options;
    const { nextInMs } = await store.promote(1_000);
    const dues = nextInMs === null ? [] : [nextInMs];
    for (const org of watch.scheduling) {
      for (const { nextAt } of await store.schedules(org))
        if (nextAt !== null) dues.push(nextAt.getTime() - time.now());
    }
    // What is due and was not done has nobody who does it.
    return Math.min(...dues.filter((ms) => ms > 0), Number.POSITIVE_INFINITY);
  }

  /** False when for the patience the store was not called, nobody went to sleep, and as many were at work. */
  async #somethingHappens(atWork: number): Promise<boolean> {
    const { watch, patienceMs, nextWakeInMs, atWorkCount } = this.#options;
    const before = watch.callCount;
    const deadline = performance.now() + patienceMs;
    for (let turn = 0; turn < EAGER_TURNS || performance.now() < deadline; turn++) {
      if (watch.callCount !== before || nextWakeInMs() !== null) return true;
      if ((await atWorkCount()) !== atWork) return true;
      await (turn < EAGER_TURNS ? nextTurn() : briefly());
    }
    return false;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void soon(resolve));
}

function briefly(): Promise<void> {
  return new Promise((resolve) => void later(resolve, 1));
}
