import { Client } from "pg";
import { SETTINGS } from "../../src/stores/postgres/connections.ts";
import { openPostgres } from "../../src/stores/postgres/index.ts";
import { Statements } from "../../src/stores/postgres/statements.ts";
import { adminQuery, newSchema } from "./test-database.ts";

/** Statements that read a table through because that is what they are for, or a few rows of it from one end. */
const SURVEYS =
  /^(AUDIT|DIAGNOSE|EXPORT)_|_ALL$|^(SCHEDULE_(NEXT|DUE)|PROMOTE_(NEXT|TO_READY)|PRUNE_(QUEUES|EVENTS|WORKERS)|CLAIM_RECALL)$/;

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly Plans?: readonly Plan[];
}

/**
 * Which statements read which tables through, by the plans that are made while all tables are empty and autovacuum has
 * left word of it. What they hold a minute later is another matter, and the plans are still the same.
 * @param statements by name, as they are written
 */
export async function readsThrough(statements: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const schema = newSchema();
  const client = new Client({ connectionString: schema.url.replace(/\?.*/, "") });
  try {
    await (await openPostgres({ target: schema.url })).close();
    const tables = (await adminQuery(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = $1`,
      [schema.name],
    )) as readonly { readonly name: string }[];
    for (const { name } of tables) await adminQuery(`VACUUM ANALYZE ${name}`);
    await client.connect();
    for (const [name, value] of Object.entries(SETTINGS)) {
      await client.query("SELECT set_config($1, $2, false)", [name, value]);
    }
    const written = new Statements(schema.name);
    const throughs: string[] = [];
    for (const [name, sql] of statements) {
      if (SURVEYS.test(name)) continue;
      const plan = await planOf(client, name, written.inSchema(sql));
      throughs.push(...readThrough(plan).map((table) => `${name} reads ${table} through`));
    }
    return throughs;
  } finally {
    await client.end();
    await schema.drop();
  }
}

/** As it is kept for a prepared statement, whatever its values. */
async function planOf(client: Client, name: string, sql: string): Promise<Plan> {
  const count = Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map(([, n]) => Number(n)));
  const values = count === 0 ? "" : `(${Array.from({ length: count }, () => "NULL").join(", ")})`;
  await client.query(`PREPARE ${name} AS ${sql}`);
  const { rows } = await client.query<{ "QUERY PLAN": readonly [{ readonly Plan: Plan }] }>(
    `EXPLAIN (FORMAT JSON) EXECUTE ${name}${values}`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`${name} has no plan`);
  return row["QUERY PLAN"][0].Plan;
}

/** The tables that are read without a look into an index. */
function readThrough(plan: Plan): readonly string[] {
  const type = plan["Node Type"];
  const isThrough = type === "Seq Scan" || (/^Index.* Scan$/.test(type) && plan["Index Cond"] === undefined);
  const below = (plan.Plans ?? []).flatMap(readThrough);
  return isThrough ? [plan["Relation Name"] ?? plan["Index Name"] ?? type, ...below] : below;
}
