import type { Cluster } from "./cluster.ts";
import { drawNumber, drawOne } from "./draw.ts";
import type { Fault } from "./fault.ts";
import { passing } from "./passing.ts";

/** How long the server is away. */
const MOST_MS = 2_000;

/** The server ends, in order, at once, or with all its processes killed, and is started again after a while. */
export function dbRestart(cluster: Cluster, chance: () => number): Fault {
  return {
    name: "db-restart",
    strike: async () => {
      const mode = drawOne(["fast", "immediate", "killed"] as const, chance) ?? "fast";
      const ms = drawNumber(0, MOST_MS, chance);
      await (mode === "killed" ? cluster.primary.kill() : cluster.primary.stop(mode));
      await passing(ms);
      await cluster.recover();
      return `${mode}, away for ${ms} ms and its start`;
    },
  };
}
