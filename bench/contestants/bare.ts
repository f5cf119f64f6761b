import { openDatabase } from "../../packages/millrace/src/stores/sqlite/database.ts";
import type { Contestant, Payload, Place, WorkOptions } from "./contestant.ts";
import { openContestant as openMill, storeOf } from "./millrace.ts";
import * as sql from "./bare-statements.ts";

/** Jobs settled and claimed in one transaction. */
const BATCH = 500;
const LEASE_MS = 30_000;

/**
 * The floor: Millrace's tables and statements in a loop, without Millrace. One transaction settles what was claimed
 * before and claims the next; no leases are prolonged, nobody is woken, nothing can be cancelled, one lane, one worker.
 */
export async function openContestant(place: Place): Promise<Contestant> {
  // Millrace fills the queue, so that the rows are the same.
  const mill = await openMill(place);
  const db = await openDatabase(storeOf(place).slice("sqlite:".length));

  const heads = db.prepare<[number, number], number>(sql.HEADS).pluck();
  const claimed = db.prepare<[string], { readonly id: string; readonly payload: string; readonly token: number }>(
    sql.CLAIMED,
  );
  const start = db.prepare(sql.START);
  const leaveReady = db.prepare(sql.LEAVE_READY);
  const complete = db.prepare<[object], number>(sql.COMPLETE).pluck();
  const leaveRunning = db.prepare(sql.LEAVE_RUNNING);
  const journal = db.prepare(sql.JOURNAL);

  function settle(rows: readonly string[], now: number): void {
    if (rows.length === 0) return;
    const moved = JSON.stringify(complete.all({ rows: JSON.stringify(rows), now }));
    leaveRunning.run(moved);
    journal.run(now, "completed", moved);
  }

  function claim(lane: number, now: number): ReturnType<typeof claimed.all> {
    const picked = heads.all(lane, BATCH);
    if (picked.length === 0) return [];
    const jobs = JSON.stringify(picked);
    start.run({ jobs, now, worker: "bare", lease: LEASE_MS });
    leaveReady.run(jobs);
    journal.run(now, "started", jobs);
    return claimed.all(jobs);
  }

  async function drain(_total: number, { handler }: WorkOptions): Promise<void> {
    const lane = db.prepare<[], number>(sql.LANE).pluck().get() ?? 0;
    let finished: string[] = [];
    for (;;) {
      const now = Date.now();
      db.exec("BEGIN IMMEDIATE");
      settle(finished, now);
      const jobs = claim(lane, now);
      db.exec("COMMIT");
      if (jobs.length === 0 && finished.length === 0) return;
      finished = [];
      for (const { id, payload, token } of jobs) {
        await handler(JSON.parse(payload) as Payload);
        finished.push(`${id}${String(token).padStart(16, "0")}null`);
      }
    }
  }

  return {
    fill: mill.fill,
    add: mill.add,
    addMany: mill.addMany,
    drain,
    completedCount: async () => db.prepare<[], number>(sql.COMPLETED_COUNT).pluck().get() ?? 0,
    close: async () => {
      db.close();
      await mill.close();
    },
  };
}
