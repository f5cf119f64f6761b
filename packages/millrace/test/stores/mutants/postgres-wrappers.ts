import { Pool } from "pg";
import { DEFAULT_BACKOFF } from "../../../src/core/backoff.ts";
import type { JobEvent } from "../../../src/core/event.ts";
import type { JobId } from "../../../src/core/job.ts";
import type { Claim, ClaimRequest, EnqueueResult, Store } from "../../../src/core/store.ts";
import { writtenJob } from "../../../src/testing/factory.ts";
import type { Breakage, Wrap } from "./mutant.ts";

/** SQL beside the sound store, each statement a transaction of its own; `millrace.` in it stands for the schema. */
type Query = <Row = unknown>(sql: string, ...values: readonly unknown[]) => Promise<readonly Row[]>;

interface Ticket {
  readonly job: string;
  readonly token: string;
  readonly attempt: string;
}

/** The tables themselves refuse what some of these do; so they must not. */
export const DONE_MAY_CHANGE: NonNullable<Breakage["edits"]> = {
  MIGRATION_1: ["FOR EACH ROW EXECUTE", "FOR EACH ROW WHEN (false) EXECUTE"],
};
export const JOBS_MAY_CHANGE: NonNullable<Breakage["edits"]> = {
  MIGRATION_1: ["WHEN (NOT OLD.awaits_number)", "WHEN (false)"],
};

const HEADS = "SELECT job, token, attempt FROM millrace.ready ORDER BY priority DESC, run_at, job LIMIT $1";
const TAKE = "DELETE FROM millrace.ready WHERE job = ANY ($1)";
const START = `
  INSERT INTO millrace.running (job, lane, priority, run_at, attempt, token, started_at, worker, claim, attempt_started_at, lease_until)
  SELECT j.seq, j.lane, j.priority, j.run_at, v.attempt + 1, v.token + 1, greatest($4, j.run_at), $5, 0, greatest($4, j.run_at), $4 + $6::bigint
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS v (job, token, attempt) JOIN millrace.job j ON j.seq = v.job
  ON CONFLICT (job) DO UPDATE SET token = excluded.token, worker = excluded.worker`;

export const claimUnguarded = beside((sound, query, now) => ({
  async claim(request) {
    const seen = await query<Ticket>(HEADS, request.max);
    await query(TAKE, jobsOf(seen));
    await start(query, seen, request, now());
    return claimsOf(sound, query, seen);
  },
}));

export const claimInTwoTransactions = beside((sound, query, now) => ({
  async claim(request) {
    const heads = await query<Ticket>(HEADS, request.max);
    await query(TAKE, jobsOf(heads));
    const at = now();
    await start(query, heads, request, at);
    return claimsOf(sound, query, heads);
  },
}));

export const dropOnError = beside((sound, query) => ({
  async claim(request) {
    try {
      return await sound.claim(request);
    } catch (error) {
      await query(TAKE, jobsOf(await query<Ticket>(HEADS, request.max)));
      throw error;
    }
  },
}));

export const numberBefore = beside((sound, query) => ({
  async enqueue(requests, terms) {
    const numbers: number[] = [];
    for (const { org, scope, queue } of requests) numbers.push(await sound.number(org, scope ?? queue, 1));
    const results = await sound.enqueue(
      requests.map((request) => ({ ...request, numbered: false })),
      terms,
    );
    for (const [index, result] of results.entries()) {
      if (result.status !== "created" || requests[index]?.numbered === false) continue;
      await query("UPDATE millrace.job SET number = $1 WHERE id = $2", numbers[index], result.job.id);
    }
    const jobs = await sound.get(results.flatMap((result) => writtenJob(result)?.id ?? []));
    return results.map((result, index) =>
      "job" in result ? ({ ...result, job: jobs[index] ?? result.job } as EnqueueResult) : result,
    );
  },
}));

export const overwriteLate = beside((sound, query) => ({
  async settle(settlements) {
    const statuses = await sound.settle(settlements);
    for (const [index, { job, move }] of settlements.entries()) {
      if (statuses[index] !== "lost" || move.to === "done") continue;
      await query(
        "UPDATE millrace.done SET finished_at = finished_at + 1 WHERE job = (SELECT seq FROM millrace.job WHERE id = $1)",
        job,
      );
    }
    return statuses;
  },
}));

export const failJobsOlderThan = (ms: number): Wrap =>
  beside((sound, query, now) => ({
    async rescue(limit) {
      const result = await sound.rescue(limit);
      const error = JSON.stringify({ name: "Timeout", message: "too old", permanent: false, attempt: 1 });
      await query(
        "UPDATE millrace.done SET state = 'failed', result = NULL, error = $1 WHERE state = 'completed' AND started_at < $2",
        error,
        now() - ms,
      );
      return result;
    },
  }));

export const failOldJobs = failJobsOlderThan(1_000);

export const eventsById = beside((_, query) => ({
  async events(org, after, limit) {
    if (after === null) {
      const [last] = await query<{ id: string }>("SELECT coalesce(max(id), 0) AS id FROM millrace.event");
      return { events: [], cursor: last?.id ?? "0" };
    }
    const rows = await query<Omit<JobEvent, "at"> & { readonly at: string }>(
      `SELECT e.id AS cursor, e.type, e.at, j.id AS job, j.number::int, j.scope, j.queue, j.kind
       FROM millrace.event e CROSS JOIN unnest(e.jobs) AS u (seq) JOIN millrace.job_now j ON j.seq = u.seq
       WHERE e.id > $1 AND j.org = $2 ORDER BY e.id, u.seq LIMIT $3`,
      after,
      org,
      limit,
    );
    const events = rows.map((row) => ({ ...row, at: new Date(Number(row.at)) }));
    return { events, cursor: events.at(-1)?.cursor ?? after };
  },
}));

/** What a caller's transaction is given, but for the savepoints. */
export const withoutSavepoints: Wrap = (sound) => ({
  ...sound,
  within(tx) {
    const client = tx as { query(sql: string, values: unknown[]): Promise<unknown> };
    const isSavepoint = (sql: string): boolean => /\bSAVEPOINT\b/.test(sql);
    return sound.within({
      query: async (sql: string, values: unknown[]) => (isSavepoint(sql) ? { rows: [] } : client.query(sql, values)),
    });
  },
});

export function beside(breakIt: (sound: Store, query: Query, now: () => number) => Partial<Store>): Wrap {
  return (sound, url, now) => {
    const address = new URL(url);
    const schema = address.searchParams.get("schema") ?? "millrace";
    address.searchParams.delete("schema");
    // In a process of its own as well, so not through what a test run hands out. It keeps no process alive.
    const pool = new Pool({ connectionString: address.href, max: 1, allowExitOnIdle: true });
    const query: Query = async <Row>(sql: string, ...values: readonly unknown[]) =>
      (await pool.query<Row & object>(sql.replaceAll("millrace.", `${schema}.`), [...values])).rows;
    return {
      ...sound,
      ...breakIt(sound, query, now),
      async close() {
        await sound.close();
        await pool.end();
      },
    };
  };
}

const jobsOf = (tickets: readonly Ticket[]): readonly string[] => tickets.map(({ job }) => job);

async function start(query: Query, tickets: readonly Ticket[], request: ClaimRequest, now: number): Promise<void> {
  const tokens = tickets.map(({ token }) => token);
  const attempts = tickets.map(({ attempt }) => attempt);
  await query(START, jobsOf(tickets), tokens, attempts, now, request.worker, request.leaseMs);
}

async function claimsOf(sound: Store, query: Query, tickets: readonly Ticket[]): Promise<readonly Claim[]> {
  const rows = await query<{ id: JobId; seq: string }>(
    "SELECT id, seq FROM millrace.job WHERE seq = ANY ($1)",
    jobsOf(tickets),
  );
  const idBySeq = new Map(rows.map(({ id, seq }) => [seq, id]));
  const jobs = await sound.get(tickets.map(({ job }) => idBySeq.get(job) as JobId));
  return jobs.map((job, index): Claim => {
    const ticket = tickets[index];
    if (job === null || ticket === undefined) throw new Error("a job that was claimed is gone");
    const [token, attempt] = [Number(ticket.token) + 1, Number(ticket.attempt) + 1];
    return {
      lease: { job: job.id, token, attempt, expiresAt: new Date(0) },
      job,
      queue: { backoff: DEFAULT_BACKOFF, timeoutMs: null },
    };
  });
}
