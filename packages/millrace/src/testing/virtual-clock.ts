import type { Clock, Timer } from "../core/clock.ts";

/** Where a virtual clock begins: far from the host's time, so that a value taken from the wrong clock shows. */
export const VIRTUAL_EPOCH = Date.UTC(2031, 4, 5, 6, 7, 8);

interface Alarm {
  readonly dueAt: number;
  readonly order: number;
  readonly fn: () => void;
}

/**
 * Time that passes only when it is told to. Timers fire inside `advance`, in the order in which they are due.
 *
 * `clock.now` is bound: hand it to a store as its clock.
 */
export class VirtualClock implements Clock {
  readonly #alarms = new Set<Alarm>();
  #wallMs: number;
  #monotonicMs = 0;
  #order = 0;

  /** @param startMs milliseconds since the epoch */
  constructor(startMs: number = VIRTUAL_EPOCH) {
    this.#wallMs = startMs;
  }

  readonly now = (): number => this.#wallMs;

  readonly monotonic = (): number => this.#monotonicMs;

  after(ms: number, fn: () => void): Timer {
    const alarm: Alarm = { dueAt: this.#monotonicMs + Math.max(0, ms), order: this.#order++, fn };
    this.#alarms.add(alarm);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }

  /** Turns are no time: the event loop goes on while the clock stands still. */
  nextTurn(fn: () => void): void {
    setImmediate(fn);
  }

  /** The present, as a store answers it. */
  date(offsetMs = 0): Date {
    return new Date(this.#wallMs + offsetMs);
  }

  /** Let `ms` pass. A timer that sets another one within the span sees it fire as well. */
  advance(ms: number): void {
    if (ms < 0) throw new RangeError(`time passes forwards; to set the wall clock back use step(${ms})`);
    const end = this.#monotonicMs + ms;
    for (let alarm = this.#nextUntil(end); alarm !== undefined; alarm = this.#nextUntil(end)) {
      this.#alarms.delete(alarm);
      this.#moveTo(alarm.dueAt);
      alarm.fn();
    }
    this.#moveTo(end);
  }

  /** Move the wall clock as a correction by the network would, back too. No time passes and no timer fires. */
  step(ms: number): void {
    this.#wallMs += ms;
  }

  /** Milliseconds until the next timer; `null` when none is set. */
  get nextInMs(): number | null {
    const next = this.#nextUntil(Number.POSITIVE_INFINITY);
    return next === undefined ? null : next.dueAt - this.#monotonicMs;
  }

  #nextUntil(end: number): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.dueAt > end) continue;
      const isSooner = next === undefined || alarm.dueAt < next.dueAt;
      if (isSooner || (alarm.dueAt === next?.dueAt && alarm.order < next.order)) next = alarm;
    }
    return next;
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }
}
