import { StoreError } from "../../../src/core/errors.ts";
import { VIRTUAL_EPOCH } from "../../../src/testing/index.ts";
import { chanceFrom } from "../../../src/core/chance.ts";
import type { ClockOf } from "../../stores/sqlite-provider.ts";
import type { playCrew } from "../simulated-crew.ts";

/** What a sound store must bear, and some bugs only show under. */
export type Provocation = "none" | "passing errors" | "clocks that differ";

/** One reading in so many fails. */
const RARELY = 60;
/** As far as clocks may be apart without any lease being over too early, in milliseconds. */
const APART_MS = [0, -2, 2, -1, 1] as const;

/** The clocks of the connections to a store that is provoked so. The first connection is for looking, and left alone. */
export function provokedClocks(provocation: Provocation, seed: number): ClockOf {
  const chance = chanceFrom(seed);
  return (now, connection) => {
    if (connection === 0 || provocation === "none") return now;
    if (provocation === "clocks that differ") return () => now() + (APART_MS[connection % APART_MS.length] ?? 0);
    // A store reads its clock in the middle of its work. Whoever comes first is let in. The error is none of those after
    // which a call may have had its effect, so that nothing needs to be allowed for.
    return () => {
      const at = now();
      if (at > VIRTUAL_EPOCH && chance() * RARELY < 1) throw new StoreError("store_corrupt", "an error that passes");
      return at;
    };
  };
}

/** A crew whose history says that the clock was set, where it cannot know better than to trust it. */
export function toldOf(provocation: Provocation, play: typeof playCrew): typeof playCrew {
  if (provocation !== "clocks that differ") return play;
  return async (crew) => {
    const { entries, jobs } = await play(crew);
    const clock = { type: "fault", fault: "clock", target: "the host's", at: 0, until: 0 } as const;
    return { entries: [clock, ...entries], jobs };
  };
}
