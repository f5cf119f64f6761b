import { drawOne } from "./draw.ts";
import type { Fault, Victim } from "./fault.ts";

/** How often the whole crew dies in one moment, as when its machine loses its power. */
const SHARE_OF_ALL = 0.1;

/** A process dies by SIGKILL, without a word, and a new one takes its place; now and then all of them do. */
export function kill(victims: () => readonly Victim[], chance: () => number): Fault {
  return {
    name: "kill",
    strike: async () => {
      const all = victims();
      const one = drawOne(all, chance);
      const killed = chance() < SHARE_OF_ALL || one === undefined ? all : [one];
      for (const victim of killed) victim.signal("SIGKILL");
      await Promise.all(killed.map(async (victim) => victim.replace()));
      return killed.map(({ name }) => name).join(", ");
    },
  };
}
