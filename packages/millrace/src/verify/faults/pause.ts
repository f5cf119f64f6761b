import { drawSome } from "./draw.ts";
import type { Fault, Victim } from "./fault.ts";
import { passing } from "./passing.ts";

/** How much longer than its lease a process stands still, as a share of it, at most. */
const MOST_EXTRA = 1;
/** A lease is prolonged until the moment of the pause, and its loss is noticed a little after its end. */
const LEAST_EXTRA = 0.2;

/** Some processes stand still by SIGSTOP for longer than a lease, and go on where they were. */
export function pause(victims: () => readonly Victim[], chance: () => number, leaseMs: number): Fault {
  return {
    name: "pause",
    strike: async () => {
      const stopped = drawSome(victims(), chance);
      const ms = Math.round(leaseMs * (1 + LEAST_EXTRA + chance() * (MOST_EXTRA - LEAST_EXTRA)));
      for (const victim of stopped) victim.signal("SIGSTOP");
      try {
        await passing(ms);
      } finally {
        for (const victim of stopped) victim.signal("SIGCONT");
      }
      return `${stopped.map(({ name }) => name).join(", ")} for ${ms} ms`;
    },
  };
}
