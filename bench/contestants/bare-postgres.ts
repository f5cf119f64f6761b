import { randomBytes } from "node:crypto";
import { Pool, type Client } from "pg";
import { withClient } from "../with-client.ts";
import { payloads, postgresUrl, type Contestant, type Handler, type Payload, type Place } from "./contestant.ts";
import { SCHEMA } from "./bare-postgres-schema.ts";
import * as sql from "./bare-postgres-statements.ts";

/** Jobs settled and claimed in one statement; those that are claimed and then settled in two. */
const FUSED_BATCH = 1_000;
const SEPARATE_BATCH = 500;
/** While the database works for one, this process works on what the other brought. */
const CONNECTIONS = 2;
const FILL_BATCH = 5_000;
const LEASE_MS = 30_000;
const LANE = "1";
const SCOPE = "bench";
const WORKER = "worker_bench";
const ID_BYTES = 13;

/** What a claim brings: job, token, id, kind, number, payload. Whole numbers that JavaScript cannot hold stay text. */
type Claimed = [job: string, token: string, id: string, kind: string, number: string, payload: string];

/**
 * The ceiling: the statements of the membership model in a loop, on tables of its own. No leases are prolonged, nobody
 * is woken, nothing can be cancelled; one lane. `variant`: "fused" settles and claims in one statement, "separate" in two.
 */
export async function openContestant(place: Place): Promise<Contestant> {
  const url = postgresUrl(place);
  const pool = new Pool({ connectionString: url, max: CONNECTIONS });
  await pool.query(`DO $$ BEGIN IF to_regclass('job') IS NULL THEN ${SCHEMA} END IF; END $$`);

  const enqueue = (all: readonly Payload[], priorities: number): Promise<unknown> => {
    const ids = all.map(() => `job_${randomBytes(ID_BYTES).toString("hex")}`);
    const priority = all.map(({ n }) => n % priorities);
    return pool.query({
      ...sql.ENQUEUE,
      values: [ids, all.map((each) => JSON.stringify(each)), priority, LANE, SCOPE],
    });
  };

  const drain = place.variant === "separate" ? drainSeparately : drainFused;
  return {
    fill: async (count, priorities = 1) => {
      for (let from = 0; from < count; from += FILL_BATCH) {
        await enqueue(payloads(Math.min(FILL_BATCH, count - from), from), priorities);
      }
    },
    add: (payload) => enqueue([payload], 1),
    addMany: (all) => enqueue(all, 1),
    drain: async (_total, { handler }) => {
      await Promise.all(Array.from({ length: CONNECTIONS }, () => withClient(url, (client) => drain(client, handler))));
    },
    completedCount: async () => (await pool.query<{ count: number }>(sql.COMPLETED_COUNT)).rows[0]?.count ?? 0,
    close: () => pool.end(),
  };
}

async function drainFused(client: Client, handler: Handler): Promise<void> {
  let finished: readonly Claimed[] = [];
  for (;;) {
    const values = [...arraysOf(finished), LANE, FUSED_BATCH, WORKER, LEASE_MS];
    const { rows } = await client.query<Claimed>({ ...sql.SETTLE_AND_CLAIM, values, rowMode: "array" });
    if (rows.length === 0) return;
    await runAll(rows, handler);
    finished = rows;
  }
}

async function drainSeparately(client: Client, handler: Handler): Promise<void> {
  for (;;) {
    const values = [LANE, SEPARATE_BATCH, WORKER, LEASE_MS];
    const { rows } = await client.query<Claimed>({ ...sql.CLAIM, values, rowMode: "array" });
    if (rows.length === 0) return;
    await runAll(rows, handler);
    await client.query({ ...sql.SETTLE_ALL, values: arraysOf(rows) });
  }
}

async function runAll(jobs: readonly Claimed[], handler: Handler): Promise<void> {
  for (const [, , , , , payload] of jobs) await handler(JSON.parse(payload) as Payload);
}

function arraysOf(jobs: readonly Claimed[]): [string[], string[]] {
  return [jobs.map(([job]) => job), jobs.map(([, token]) => token)];
}
