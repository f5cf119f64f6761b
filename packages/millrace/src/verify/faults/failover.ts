import type { Cluster } from "./cluster.ts";
import { drawNumber } from "./draw.ts";
import type { Fault } from "./fault.ts";
import { passing } from "./passing.ts";

/** How long the new primary works alone. */
const MOST_MS = 2_000;

/**
 * The primary is lost at once, with its data, and the standby takes its place; then it is given a standby of its own, for
 * which it stops for a moment.
 * @param onPromoted leads the crew to the new primary
 */
export function failover(cluster: Cluster, chance: () => number, onPromoted: () => void): Fault {
  return {
    name: "failover",
    strike: async () => {
      const ms = drawNumber(0, MOST_MS, chance);
      const lost = cluster.primary.port;
      await cluster.failOver();
      onPromoted();
      await passing(ms);
      await cluster.makeStandby();
      await cluster.recover();
      return `from port ${lost} to port ${cluster.primary.port}, stopped after ${ms} ms for a new standby`;
    },
  };
}
