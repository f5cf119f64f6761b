import { setImmediate } from "node:timers";
import type { Clock, Random, Timer } from "../../core/clock.ts";
import type { Store } from "../../core/store.ts";
import { Kernel } from "../../runtime/kernel.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { Millrace } from "../../runtime/millrace.ts";
import type { Vault } from "../../runtime/vault.ts";
import { interceptCalls, type StoreCall } from "../queue/intercept-calls.ts";
import { besideGate } from "./await-gate.ts";

export interface TestProcessOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly vault: Vault;
  /** May stand between a call and the store. */
  readonly around?: (call: StoreCall, pass: () => unknown) => unknown;
}

/** Nobody is there any more to be answered. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

/**
 * A process with a Millrace of its own, which can die or stand still while others on the store go on.
 *
 *   alive ── freeze ──► frozen ── thaw ──► alive ── kill ──► dead: no timer fires, no call is made, no answer arrives
 */
export class TestProcess {
  readonly mill: Millrace;
  readonly #options: TestProcessOptions;
  /** What is due while it stands still. */
  #late: (() => void)[] | undefined;
  #isDead = false;

  constructor(options: TestProcessOptions) {
    this.#options = options;
    const { random, vault } = options;
    const store = interceptCalls(options.store, (call, pass) => besideGate(() => this.#call(call, pass)));
    const clock = this.#clock(options.clock);
    this.mill = new Millrace(
      new Kernel({ store, clock, random, vault, org: "default", logger: silentLogger, host: "test", pid: null }),
      () => Promise.resolve(),
    );
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  kill(): void {
    this.#isDead = true;
    this.#late = undefined;
  }

  freeze(): void {
    this.#late ??= [];
  }

  thaw(): void {
    const late = this.#late ?? [];
    this.#late = undefined;
    for (const fn of late) fn();
  }

  /** Do it now, when the process goes on, or never. */
  #whenAlive(fn: () => void): void {
    if (this.#isDead) return;
    if (this.#late === undefined) fn();
    else this.#late.push(fn);
  }

  #clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (ms, fn): Timer => besideGate(() => clock.after(ms, () => this.#whenAlive(fn))),
      nextTurn: (fn) => besideGate(() => void setImmediate(() => this.#whenAlive(fn))),
    };
  }

  #call(call: StoreCall, pass: () => unknown): unknown {
    if (call.name === "onChange") return this.#listen(call.args[0] as (...heard: unknown[]) => void);
    const { around = (_, go) => go() } = this.#options;
    if (this.#isDead) return never();
    const answer = around(call, pass);
    if (!(answer instanceof Promise)) return answer;
    return new Promise((resolve, reject) => {
      answer.then(
        (value: unknown) => this.#whenAlive(() => resolve(value)),
        (error: Error) => this.#whenAlive(() => reject(error)),
      );
    });
  }

  #listen(listener: (...heard: unknown[]) => void): () => void {
    return this.#options.store.onChange((...heard) => this.#whenAlive(() => listener(...heard)));
  }
}
