import { Client } from "pg";
import { untilQuiet, type Meter } from "./meter.ts";
import { QueryCount } from "./query-count.ts";
import { countWal, walPlace } from "./wal-count.ts";

let queries: QueryCount | undefined;

/**
 * Counts what this process does on a schema, at the driver and in the server's write-ahead log.
 * @param url of a server that nobody else writes to
 */
export async function openPostgresMeter(url: string, schema: string): Promise<Meter> {
  const counted = (queries ??= new QueryCount());
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("CREATE EXTENSION IF NOT EXISTS pg_walinspect");
  let from = "0/0";
  return {
    statements: counted.statements,
    begin: async () => {
      from = await walPlace(client);
      counted.forget();
      counted.isCounting = true;
    },
    end: async () => {
      counted.isCounting = false;
      const sent = [...counted.statements.values()].reduce((sum, count) => sum + count, 0);
      const totals = new Map([
        ["statements", sent],
        ["round trips", counted.trips],
      ]);
      await countWal(client, { schema, from }, totals);
      return totals;
    },
    quiet: () =>
      untilQuiet(
        () => counted.begunCount,
        () => counted.answered(),
      ),
    close: () => client.end(),
  };
}
