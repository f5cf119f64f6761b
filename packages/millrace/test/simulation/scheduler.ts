import type { Clock, Timer } from "../../src/core/clock.ts";
import { VirtualClock } from "../../src/testing/index.ts";
import type { Trace } from "./trace.ts";

/** Who goes on at a scheduling point: a process, or the store itself. */
export interface Actor {
  readonly name: string;
  isAlive: boolean;
  /** It stands still until then, in virtual milliseconds. */
  stalledUntil: number;
}

/** How a run is scheduled; follows from its seed. */
export interface Pace {
  /** How often time passes although something could go on, 0 to 1. With 0 everything takes no time but what waits. */
  readonly haste: number;
  /** Whether some things are preferred to others throughout the run, which finds what a fair draw never would. */
  readonly isUneven: boolean;
}

interface Point {
  readonly actor: Actor;
  readonly what: string;
  readonly run: () => void;
  readonly weight: number;
  /** In virtual milliseconds. */
  readonly since: number;
}

/** Nothing is kept waiting for longer, not even in haste: a store answers within its bound. */
const LONGEST_WAIT_MS = 400;

/**
 * Decides what goes on next. Whatever happens in a simulation is a point that waits here (a call that arrives, its
 * answer, a timer, a turn of an event loop, a step of a handler), and one of them is drawn at a time.
 */
export class Scheduler {
  readonly clock = new VirtualClock();
  readonly trace: Trace;
  /** What happens on its own, whoever lives: the store's commits, the end of an outage. */
  readonly world: Actor = { name: "store", isAlive: true, stalledUntil: 0 };
  readonly #chance: () => number;
  readonly #weights = new Map<string, number>();
  readonly #turns = new Map<Actor, (() => void)[]>();
  readonly #keptAlive = new Set<{ readonly actor: Actor }>();
  #pace: Pace;
  #points: Point[] = [];
  #drawn = 0;

  constructor(chance: () => number, pace: Pace, trace: Trace) {
    this.#chance = chance;
    this.#pace = pace;
    this.trace = trace;
  }

  /** So many points have been drawn. */
  get drawn(): number {
    return this.#drawn;
  }

  /** From now on, time passes only when nothing else can go on. */
  rest(): void {
    this.#pace = { ...this.#pace, haste: 0 };
  }

  /** Let `run` happen at some point, unless the actor is dead. Answers a function that calls it off. */
  later(actor: Actor, kind: string, what: string, run: () => void): () => void {
    if (!actor.isAlive) return () => undefined;
    const point = { actor, what, run, weight: this.#weight(actor, kind), since: this.clock.monotonic() };
    this.#points.push(point);
    return () => this.#remove(point);
  }

  /** What an actor puts off to its next turn happens in the order in which it asked. */
  nextTurn(actor: Actor, fn: () => void): void {
    const turns = this.#turns.get(actor) ?? [];
    turns.push(fn);
    this.#turns.set(actor, turns);
    if (turns.length === 1) this.#offerTurn(actor, turns);
  }

  /** As Node's timers: whole milliseconds, at least one. */
  after(actor: Actor, ms: number, fn: () => void, options?: { readonly keepAlive?: boolean }): Timer {
    const timer = { actor };
    if (options?.keepAlive === true) this.#keptAlive.add(timer);
    let callOff: (() => void) | undefined;
    const alarm = this.clock.after(Math.max(1, Math.trunc(ms)), () => {
      callOff = this.later(actor, "timer", "its timer", () => {
        this.#keptAlive.delete(timer);
        fn();
      });
    });
    return {
      cancel: () => {
        this.#keptAlive.delete(timer);
        alarm.cancel();
        callOff?.();
      },
    };
  }

  /** Whether a timer of the actor would keep its process from ending. */
  isKeptAlive(actor: Actor): boolean {
    return [...this.#keptAlive].some((timer) => timer.actor === actor);
  }

  /** Time and chance as a process of the simulation has them. @param offsetMs how far its clock on the wall is off */
  clockOf(actor: Actor, offsetMs: () => number): Clock {
    return {
      now: () => this.clock.now() + offsetMs(),
      monotonic: this.clock.monotonic,
      after: (ms, fn, options) => this.after(actor, ms, fn, options),
      nextTurn: (fn) => this.nextTurn(actor, fn),
    };
  }

  /** Nothing of an actor happens any more. */
  forget(actor: Actor): void {
    actor.isAlive = false;
    this.#points = this.#points.filter((point) => point.actor !== actor);
    this.#turns.delete(actor);
  }

  /** Let one thing happen, and all that follows from it at once. False when nothing ever will again. */
  async step(): Promise<boolean> {
    for (;;) {
      const now = this.clock.monotonic();
      const ready = this.#points.filter(({ actor }) => actor.stalledUntil <= now);
      const isHasty = this.#pace.haste > 0 && this.#chance() < this.#pace.haste;
      const patienceMs = Math.min(...ready.map(({ since }) => since + LONGEST_WAIT_MS - now));
      if (ready.length > 0 && (!isHasty || patienceMs <= 0)) {
        await this.#draw(ready);
        return true;
      }
      const passingMs = Math.min(this.clock.nextInMs ?? Infinity, patienceMs);
      if (passingMs === Infinity) return false;
      this.clock.advance(passingMs);
    }
  }

  /** All promises that follow from what has happened have been followed when the event loop turns. */
  follow(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async #draw(ready: readonly Point[]): Promise<void> {
    let at = this.#chance() * ready.reduce((sum, { weight }) => sum + weight, 0);
    const point = ready.find(({ weight }) => (at -= weight) < 0) ?? ready.at(-1);
    if (point === undefined) return;
    this.#remove(point);
    this.#drawn += 1;
    this.trace.note(this.clock.monotonic(), point.actor.name, point.what);
    point.run();
    await this.follow();
  }

  #offerTurn(actor: Actor, turns: (() => void)[]): void {
    this.later(actor, "turn", "its next turn", () => {
      const fn = turns.shift();
      if (turns.length > 0) this.#offerTurn(actor, turns);
      fn?.();
    });
  }

  #remove(point: Point): void {
    const place = this.#points.indexOf(point);
    if (place >= 0) this.#points.splice(place, 1);
  }

  #weight(actor: Actor, kind: string): number {
    if (!this.#pace.isUneven) return 1;
    const name = `${actor.name} ${kind}`;
    let weight = this.#weights.get(name);
    if (weight === undefined) this.#weights.set(name, (weight = 2 ** (-8 * this.#chance())));
    return weight;
  }
}
