import { drawNumber, drawSome } from "./draw.ts";
import type { Fault, Victim } from "./fault.ts";

const MOST_MS = 3_600_000;

/**
 * Wall clocks are set to other times, up to an hour from the present, back and forth. Where the store has a clock of its
 * own, those of some processes, each differently. Where the host's clock is the store's, that of the host: all processes
 * step together.
 */
export function clock(victims: () => readonly Victim[], chance: () => number, hasOwnClock: boolean): Fault {
  const draw = (): number => drawNumber(-MOST_MS, MOST_MS, chance);
  return {
    name: "clock",
    strike: async () => {
      if (!hasOwnClock) {
        const ms = draw();
        await Promise.all(victims().map((victim) => victim.skew(ms)));
        return `the host ${signed(ms)}`;
      }
      const steps = drawSome(victims(), chance).map((victim) => ({ victim, ms: draw() }));
      await Promise.all(steps.map(({ victim, ms }) => victim.skew(ms)));
      return steps.map(({ victim, ms }) => `${victim.name} ${signed(ms)}`).join(", ");
    },
  };
}

function signed(ms: number): string {
  return `${ms < 0 ? "−" : "+"}${(Math.abs(ms) / 1_000).toFixed(1)} s`;
}
