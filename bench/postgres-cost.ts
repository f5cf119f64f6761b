import { readFileSync } from "node:fs";
import type { Contestant } from "./contestants/contestant.ts";
import type { PostgresPlace } from "./postgres-server.ts";
import { withClient } from "./with-client.ts";

/** Of /proc/<pid>/stat, counted from after the name: time of its own, and of children that have ended. */
const OWN_FIELDS = [11, 12];
const ENDED_CHILDREN_FIELDS = [13, 14];
/** Linux counts CPU time in hundredths of a second, whatever its clock does. */
const TICK_MS = 10;

/** What a server spends beside the contestant's own process. CPU time is known where we started it, on Linux. */
export function serverCost({ url, pid }: PostgresPlace): Pick<Contestant, "serverCpuMs" | "walBytes"> {
  return {
    ...(pid === null || process.platform !== "linux" ? {} : { serverCpuMs: async () => cpuMsOf(pid) }),
    walBytes: () =>
      withClient(url, async (client) => {
        const { rows } = await client.query<{ bytes: number }>(
          "SELECT (pg_current_wal_insert_lsn() - '0/0')::float8 AS bytes",
        );
        return rows[0]?.bytes ?? Number.NaN;
      }),
  };
}

function cpuMsOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  const own = children.reduce((sum, child) => sum + ticksOf(child, OWN_FIELDS), 0);
  return (own + ticksOf(String(pid), [...OWN_FIELDS, ...ENDED_CHILDREN_FIELDS])) * TICK_MS;
}

/** One that has just ended is counted with its parent's. */
function ticksOf(pid: string, fields: readonly number[]): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in brackets and may hold anything.
    const values = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields.reduce((sum, field) => sum + Number(values[field]), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ESRCH")
      return 0;
    throw error;
  }
}
