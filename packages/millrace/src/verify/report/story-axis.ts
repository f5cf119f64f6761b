import type { StoryLine } from "../check/verdict.ts";

/** What one doubling of a wait adds to the room it is given; the shortest wait of a story gets 1. */
const ROOM_PER_DOUBLING = 0.3;

/** From microseconds to pixels. What comes later lies further to the right, and long waits are shortened. */
export interface StoryAxis {
  readonly x: (us: number) => number;
  /** All instants of the story, in order. */
  readonly instants: readonly number[];
}

/**
 * Calls take microseconds and leases seconds; on an even axis nothing could be seen of the calls. So each wait between two
 * instants gets room by its logarithm.
 */
export function storyAxis(story: readonly StoryLine[], left: number, right: number): StoryAxis {
  const all = new Set(story.flatMap(({ from, until }) => (until === null ? [from] : [from, until])));
  const instants = [...all].toSorted((a, b) => a - b);
  const waits = instants.slice(1).map((at, i) => at - (instants[i] ?? at));
  const shortest = Math.min(...waits);
  const rooms = waits.map((wait) => 1 + Math.log2(wait / shortest) * ROOM_PER_DOUBLING);
  // One more behind the last instant, where what was not answered goes on.
  const unit = (right - left) / (1 + rooms.reduce((sum, room) => sum + room, 0));
  const places = new Map<number, number>();
  let place = left;
  instants.forEach((at, i) => {
    places.set(at, place);
    place += (rooms[i] ?? 1) * unit;
  });
  return { x: (us) => places.get(us) ?? right, instants };
}
