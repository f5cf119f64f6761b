import Database from "better-sqlite3";
import { DEFAULT_BACKOFF } from "../../../src/core/backoff.ts";
import type { JobId } from "../../../src/core/job.ts";
import type { Claim, ClaimRequest, EnqueueRequest, EnqueueResult, Store } from "../../../src/core/store.ts";
import { writtenJob } from "../../../src/testing/factory.ts";
import type { Wrap } from "./mutant.ts";

interface Ticket {
  readonly job: number;
  readonly lane: number;
  readonly priority: number;
  readonly run_at: number;
  readonly attempt: number;
  readonly token: number;
}

const HEADS = "SELECT * FROM millrace_ready ORDER BY priority DESC, run_at, job LIMIT ?";

export const claimUnguarded = beside((sound, db, now) => ({
  async claim(request) {
    const seen = db.prepare<[number], Ticket>(HEADS).all(request.max);
    await turnOfTheEventLoop();
    for (const ticket of seen) {
      db.prepare("DELETE FROM millrace_ready WHERE job = ?").run(ticket.job);
      start(db, ticket, request, now());
    }
    return claimsOf(sound, db, seen);
  },
}));

export const claimInTwoTransactions = beside((sound, db, now) => ({
  async claim(request) {
    const heads = db.prepare<[number], Ticket>(HEADS).all(request.max);
    for (const { job } of heads) db.prepare("DELETE FROM millrace_ready WHERE job = ?").run(job);
    const at = now();
    for (const ticket of heads) start(db, ticket, request, at);
    return claimsOf(sound, db, heads);
  },
}));

export const dropOnError = beside((sound, db) => ({
  async claim(request) {
    try {
      return await sound.claim(request);
    } catch (error) {
      for (const { job } of db.prepare<[number], Ticket>(HEADS).all(request.max)) {
        db.prepare("DELETE FROM millrace_ready WHERE job = ?").run(job);
      }
      throw error;
    }
  },
}));

export const numberBefore = beside((sound, db) => ({
  async enqueue(requests, terms) {
    const numbers: number[] = [];
    for (const { org, scope, queue } of requests) numbers.push(await sound.number(org, scope ?? queue, 1));
    const results = await sound.enqueue(
      requests.map((request) => ({ ...request, numbered: false })),
      terms,
    );
    return numberAfterwards(sound, db, requests, numbers, results);
  },
}));

export const overwriteLate = beside((sound, db) => ({
  async settle(settlements) {
    const statuses = await sound.settle(settlements);
    for (const [index, { job, move }] of settlements.entries()) {
      if (statuses[index] === "lost" && move.to !== "done") overwrite(db, job);
    }
    return statuses;
  },
}));

export const failJobsOlderThan = (ms: number): Wrap =>
  beside((sound, db, now) => ({
    async rescue(limit) {
      const result = await sound.rescue(limit);
      db.exec("DROP TRIGGER IF EXISTS millrace_done_is_final");
      const error = JSON.stringify({ name: "Timeout", message: "too old", permanent: false, attempt: 1 });
      db.prepare(
        "UPDATE millrace_done SET state = 'failed', result = NULL, error = ? WHERE state = 'completed' AND started_at < ?",
      ).run(error, now() - ms);
      return result;
    },
  }));

export const failOldJobs = failJobsOlderThan(1_000);

export const companionsStay = beside((_, db) => {
  db.exec("DROP TRIGGER IF EXISTS millrace_companion_ends");
  return {};
});

/** A wrapper with a connection of its own beside the sound store's. */
export function beside(breakIt: (sound: Store, db: Database.Database, now: () => number) => Partial<Store>): Wrap {
  return (sound, file, now) => {
    const db = new Database(file);
    return {
      ...sound,
      ...breakIt(sound, db, now),
      async close() {
        await sound.close();
        db.close();
      },
    };
  };
}

async function turnOfTheEventLoop(): Promise<void> {
  await new Promise((resolve) => void setImmediate(resolve));
}

function start(db: Database.Database, ticket: Ticket, request: ClaimRequest, now: number): void {
  const { job, lane, priority, run_at: runAt, attempt, token } = ticket;
  db.prepare(
    `INSERT OR REPLACE INTO millrace_running (job, lane, priority, run_at, attempt, token, started_at, worker, attempt_started_at, lease_until)
     VALUES (?1, ?2, ?3, ?4, ?5 + 1, ?6 + 1, max(?7, ?4), ?8, max(?7, ?4), ?7 + ?9)`,
  ).run({
    1: job,
    2: lane,
    3: priority,
    4: runAt,
    5: attempt,
    6: token,
    7: now,
    8: request.worker,
    9: request.leaseMs,
  });
}

async function claimsOf(sound: Store, db: Database.Database, tickets: readonly Ticket[]): Promise<readonly Claim[]> {
  const idOf = db.prepare<[number], { readonly id: JobId }>("SELECT id FROM millrace_job WHERE seq = ?");
  const jobs = await sound.get(tickets.map(({ job }) => idOf.get(job)?.id as JobId));
  return jobs.map((job, index): Claim => {
    const ticket = tickets[index];
    if (job === null || ticket === undefined) throw new Error("a job that was claimed is gone");
    const lease = { job: job.id, token: ticket.token + 1, attempt: ticket.attempt + 1, expiresAt: new Date(0) };
    return { lease, job, queue: { backoff: DEFAULT_BACKOFF, timeoutMs: null } };
  });
}

async function numberAfterwards(
  sound: Store,
  db: Database.Database,
  requests: readonly EnqueueRequest[],
  numbers: readonly number[],
  results: readonly EnqueueResult[],
): Promise<readonly EnqueueResult[]> {
  db.exec("DROP TRIGGER IF EXISTS millrace_job_never_changes");
  for (const [index, result] of results.entries()) {
    if (result.status !== "created" || requests[index]?.numbered === false) continue;
    db.prepare("UPDATE millrace_job SET number = ? WHERE id = ?").run(numbers[index], result.job.id);
  }
  const jobs = await sound.get(results.flatMap((result) => writtenJob(result)?.id ?? []));
  return results.map((result, index) =>
    "job" in result ? ({ ...result, job: jobs[index] ?? result.job } as EnqueueResult) : result,
  );
}

function overwrite(db: Database.Database, id: JobId): void {
  db.exec("DROP TRIGGER IF EXISTS millrace_done_is_final");
  db.prepare(
    "UPDATE millrace_done SET finished_at = finished_at + 1 WHERE job = (SELECT seq FROM millrace_job WHERE id = ?)",
  ).run(id);
}
