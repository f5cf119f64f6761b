import { drawSome } from "./draw.ts";
import type { Fault } from "./fault.ts";
import { onConnection } from "./own-connection.ts";

/**
 * The server ends some connections of the crew, at once and whatever they do. Those of others are left alone: the crew's
 * are known by their application's name.
 * @param url past every proxy
 */
export function backendKill(url: string, applicationName: string, chance: () => number): Fault {
  return {
    name: "backend-kill",
    strike: async () =>
      onConnection(url, async (client) => {
        const { rows } = await client.query<{ pid: number }>(
          "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database() ORDER BY pid",
          [applicationName],
        );
        const ended = drawSome(rows, chance);
        const { rows: answers } = await client.query<{ is_ended: boolean }>(
          "SELECT pg_terminate_backend(pid) AS is_ended FROM unnest($1::int[]) AS pid",
          [ended.map(({ pid }) => pid)],
        );
        return `${answers.filter(({ is_ended }) => is_ended).length} of ${rows.length} connections`;
      }),
  };
}
