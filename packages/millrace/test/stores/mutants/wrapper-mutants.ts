import Database from "better-sqlite3";
import { DEFAULT_BACKOFF } from "../../../src/core/backoff.ts";
import type { Job, JobId } from "../../../src/core/job.ts";
import type { Claim, ClaimRequest, EnqueueRequest, EnqueueResult, Store } from "../../../src/core/store.ts";
import { writtenJob } from "../../../src/testing/factory.ts";
import type { Mutant } from "./mutant.ts";

interface Ticket {
  readonly job: number;
  readonly lane: number;
  readonly priority: number;
  readonly run_at: number;
  readonly attempt: number;
  readonly token: number;
}

const HEADS = "SELECT * FROM millrace_ready ORDER BY priority DESC, run_at, job LIMIT ?";

/** Bugs that lie between two statements, or in front of the store. */
export const wrapperMutants: readonly Mutant[] = [
  {
    bug: "claim reads the queued row in one transaction and updates it, unguarded, in the next",
    guarantee: "G1",
    convictedBy: "claim: ten workers on connections of their own race for one job, and one wins",
    wrap: beside((sound, db, now) => ({
      async claim(request) {
        const seen = db.prepare<[number], Ticket>(HEADS).all(request.max);
        await turnOfTheEventLoop();
        for (const ticket of seen) {
          db.prepare("DELETE FROM millrace_ready WHERE job = ?").run(ticket.job);
          start(db, ticket, request, now());
        }
        return claimsOf(sound, db, seen);
      },
    })),
  },
  {
    bug: "claim deletes the ticket in one transaction and inserts it in the next; a crash between loses it",
    guarantee: "G3",
    convictedBy: "faults: a claim that fails at any moment leaves the jobs where they were",
    wrap: beside((sound, db, now) => ({
      async claim(request) {
        const heads = db.prepare<[number], Ticket>(HEADS).all(request.max);
        for (const { job } of heads) db.prepare("DELETE FROM millrace_ready WHERE job = ?").run(job);
        const at = now();
        for (const ticket of heads) start(db, ticket, request, at);
        return claimsOf(sound, db, heads);
      },
    })),
  },
  {
    bug: "any error while assigning drops the ticket",
    guarantee: "G3",
    convictedBy: "faults: a claim that fails at any moment leaves the jobs where they were",
    wrap: beside((sound, db) => ({
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
    })),
  },
  {
    bug: "the counter is raised in a transaction of its own, before the jobs are written",
    guarantee: "G4",
    convictedBy: "numbers: an enqueue that fails burns no number",
    wrap: beside((sound, db) => ({
      async enqueue(requests, terms) {
        const numbers: number[] = [];
        for (const { org, scope, queue } of requests) numbers.push(await sound.number(org, scope ?? queue, 1));
        const results = await sound.enqueue(
          requests.map((request) => ({ ...request, numbered: false })),
          terms,
        );
        return numberAfterwards(sound, db, requests, numbers, results);
      },
    })),
  },
  {
    bug: "a late outcome is written by id, without a guard, over the one that is there",
    guarantee: "G6",
    convictedBy: "settle: a finished job never changes, whoever tries and however",
    wrap: beside((sound, db) => ({
      async settle(settlements) {
        const statuses = await sound.settle(settlements);
        for (const [index, { job, move }] of settlements.entries()) {
          if (statuses[index] === "lost" && move.to !== "done") overwrite(db, job);
        }
        return statuses;
      },
    })),
  },
  {
    bug: "the sweep that fails old jobs overwrites those that completed",
    guarantee: "G6",
    convictedBy: "settle: a finished job never changes, whoever tries and however",
    wrap: beside((sound, db, now) => ({
      async rescue(limit) {
        const result = await sound.rescue(limit);
        db.exec("DROP TRIGGER IF EXISTS millrace_done_is_final");
        const error = JSON.stringify({ name: "Timeout", message: "too old", permanent: false, attempt: 1 });
        db.prepare(
          "UPDATE millrace_done SET state = 'failed', result = NULL, error = ? WHERE state = 'completed' AND started_at < ?",
        ).run(error, now() - 1_000);
        return result;
      },
    })),
  },
  {
    bug: "settle answers settled, whatever came of it",
    guarantee: "G2",
    convictedBy: "lease: the same worker that claims its rescued job again is fenced from its first attempt",
    wrap: (sound) => ({
      ...sound,
      settle: async (settlements) => (await sound.settle(settlements)).map(() => "settled" as const),
    }),
  },
  {
    bug: "an enqueue inside a caller's transaction goes through a connection of its own",
    guarantee: "G11",
    convictedBy: "transaction: an enqueue in a caller's transaction is undone with it, its number too",
    needsFile: true,
    wrap: (sound) => ({
      ...sound,
      within: (tx) => ({
        ...sound.within(tx),
        enqueue(requests) {
          // It hears of no failure either, being gone from the transaction by then.
          sound.enqueue(requests).catch(() => undefined);
          return requests.map((request): EnqueueResult => ({ status: "created", job: { id: request.id } as Job }));
        },
      }),
    }),
  },
];

/** A wrapper with a connection of its own beside the sound store's. */
function beside(
  breakIt: (sound: Store, db: Database.Database, now: () => number) => Partial<Store>,
): NonNullable<Mutant["wrap"]> {
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
