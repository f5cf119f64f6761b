import type { Cluster } from "./cluster.ts";
import { drawNumber } from "./draw.ts";
import type { Fault } from "./fault.ts";
import { passing } from "./passing.ts";

/** How long the disk stays full. */
const LEAST_MS = 300;
const MOST_MS = 2_500;

/** The file system of the server's data runs full, and has room again after a while. A server that died of it is started. */
export function serverDisk(cluster: Cluster, chance: () => number): Fault {
  return {
    name: "disk",
    strike: async () => {
      const { primary } = cluster;
      const { disk } = primary.place;
      if (disk === undefined) throw new Error("the server has no disk of its own");
      const ms = drawNumber(LEAST_MS, MOST_MS, chance);
      await disk.fill();
      try {
        await passing(ms);
      } finally {
        await disk.makeRoom();
      }
      await cluster.recover();
      return `no room for ${ms} ms`;
    },
  };
}
