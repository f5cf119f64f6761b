import { LOOK_SHARE } from "./sparing-looks.ts";

/** A part of a lane: priorities from `high` down to `low`; with `since`, those of `high` from that due time on. */
export interface LaneRange {
  readonly lane: number;
  readonly high: number;
  readonly low: number;
  readonly since: number | null;
}

/** So far behind the newest ticket that was claimed may one still appear whose transaction took its time. */
const BEHIND_MS = 500;
/** A look from the very head that took longer than this had to walk over what vacuum could not remove. */
const SLOW_LOOK_MS = 8;
const MOST_PRIORITIES = 16;
/** An older ticket does not wait longer than this for a look from the head. */
const LONGEST_NEAR_MS = 2_000;

interface ClaimedTicket {
  readonly priority: number;
  readonly runAt: number;
}

interface Floor {
  /** Priority → the newest due time that was claimed of it. */
  readonly newest: Map<number, number>;
  /** Until when, on the monotonic clock, claims begin where the last ones ended. */
  nearUntil: number;
}

/**
 * Where the tickets of a lane begin. While a transaction is left open somewhere, vacuum cannot remove claimed tickets,
 * and a claim from the head of the index walks over all of them, more every second. So, once that is slow, claims begin
 * a little behind the newest ticket claimed, and at the head only so often that it costs a small share of the time: an
 * older ticket (a retry, a late commit) then waits that long at most, and a claim that does not get enough looks at the
 * head in any case. See docs/performance.md.
 */
export class Floors {
  readonly #share: number;
  readonly #floors = new Map<number, Floor>();

  /** @param share 0 to begin at the head always, as tests do that set the time */
  constructor(share: number = LOOK_SHARE) {
    this.#share = share;
  }

  /** The ranges to look through, in order. */
  rangesOf(lane: number): { readonly ranges: readonly LaneRange[]; readonly isWhole: boolean } {
    const floor = this.#floors.get(lane);
    if (floor === undefined || performance.now() >= floor.nearUntil) return { ranges: wholeLane(lane), isWhole: true };
    const ranges: LaneRange[] = [];
    let high = Number.MAX_SAFE_INTEGER;
    for (const [priority, newest] of [...floor.newest].toSorted(([a], [b]) => b - a)) {
      if (high > priority) ranges.push({ lane, high, low: priority + 1, since: null });
      ranges.push({ lane, high: priority, low: priority, since: newest - BEHIND_MS });
      high = priority - 1;
    }
    ranges.push({ lane, high, low: Number.MIN_SAFE_INTEGER, since: null });
    return { ranges, isWhole: false };
  }

  /** What a look brought, and what it cost. */
  learn(
    lane: number,
    rows: readonly ClaimedTicket[],
    look: { readonly isWhole: boolean; readonly tookMs: number; readonly isFull: boolean },
  ): void {
    if (!look.isFull) {
      this.#floors.delete(lane);
      return;
    }
    let floor = this.#floors.get(lane);
    if (floor === undefined) this.#floors.set(lane, (floor = { newest: new Map(), nearUntil: 0 }));
    for (const { priority, runAt } of rows) {
      floor.newest.set(priority, Math.max(runAt, floor.newest.get(priority) ?? 0));
    }
    if (floor.newest.size > MOST_PRIORITIES) floor.newest.clear();
    if (look.isWhole)
      floor.nearUntil =
        look.tookMs > SLOW_LOOK_MS ? performance.now() + Math.min(look.tookMs * this.#share, LONGEST_NEAR_MS) : 0;
  }

  /** Tickets of this lane went back to their old places. */
  forget(lane: number): void {
    this.#floors.delete(lane);
  }
}

export function wholeLane(lane: number): readonly LaneRange[] {
  return [{ lane, high: Number.MAX_SAFE_INTEGER, low: Number.MIN_SAFE_INTEGER, since: null }];
}
