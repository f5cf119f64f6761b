import { dirname } from "node:path";
import { startServer, type PostgresServer } from "../../packages/millrace/test/postgres/server.ts";
import { DEFAULTS } from "../postgres-server.ts";
import { countOf, type Task } from "../task.ts";
import { withClient } from "../with-client.ts";
import type { Supervisor } from "./recovery-supervisor.ts";

/** What happens, by its number in the counts of the task. */
export const FAULTS = { kill: 0, restart: 1, "backend-kill": 2 } as const;

/** Where the jobs lie, and what can be done to it. */
export interface Ground {
  readonly task: Task;
  /** Resolves when it has happened, and what was ended has been started again. */
  strike(supervisor: Supervisor): Promise<void>;
  close(): Promise<void>;
}

/** The folder of the task; or, where it is on PostgreSQL, a server of its own, which may be ended. */
export async function openGround(task: Task): Promise<Ground> {
  const fault = countOf(task, "fault");
  if (task.postgres === null) {
    if (fault !== FAULTS.kill) throw new Error("there is no server to end beside a file");
    return { task, strike: (supervisor) => supervisor.kill(), close: () => Promise.resolve() };
  }
  const server = await startServer({ parentFolder: dirname(task.folder), settings: DEFAULTS });
  return {
    task: { ...task, postgres: { url: server.url, pid: server.pid ?? null } },
    strike: (supervisor) => strikeServer(fault, server, supervisor),
    close: () => server.remove(),
  };
}

async function strikeServer(fault: number, server: PostgresServer, supervisor: Supervisor): Promise<void> {
  if (fault === FAULTS.kill) return supervisor.kill();
  if (fault === FAULTS.restart) {
    await server.stop("fast");
    return server.start();
  }
  await withClient(server.url, (client) =>
    client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    ),
  );
}
