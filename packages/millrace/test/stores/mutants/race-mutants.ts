import { KNOWN, ONE_WRITER, POLLED } from "./absences.ts";
import type { Bug, Wrap } from "./mutant.ts";

/** In the middle of a statement, so that a race which is possible is met. */
const A_MOMENT = "pg_sleep(0.05)";

/** Only the process that commits is told of it. */
const othersAreNotTold: Wrap = (sound) => {
  const listeners = new Set<Parameters<typeof sound.onChange>[0]>();
  return {
    ...sound,
    async enqueue(requests, terms) {
      const results = await sound.enqueue(requests, terms);
      for (const listener of listeners) listener(new Set(["ready", "events"]), true);
      return results;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};

/** Bugs that it takes two at the same moment to see. */
export const raceMutants: readonly Bug[] = [
  {
    bug: "a claim starts what it has read, whoever has taken it meanwhile",
    guarantee: "G1",
    convictedBy: "claim: ten workers on connections of their own race for one job, and one wins",
    sqlite: ONE_WRITER,
    postgres: {
      edits: {
        CLAIM_TAKE: [
          ["FOR UPDATE SKIP LOCKED", ""],
          [
            "taken AS (",
            `taken AS (
               SELECT y.* FROM millrace.ready y, ${A_MOMENT} WHERE y.ctid = ANY (ARRAY (SELECT place FROM picked))
             ), removed AS (`,
          ],
          ["RETURNING job, lane,", "ON CONFLICT (job) DO UPDATE SET token = excluded.token RETURNING job, lane,"],
        ],
      },
    },
  },
  {
    bug: "a claim picks tickets that another one is taking, and comes back with less than there is",
    guarantee: "G12",
    convictedBy: "race: as many claims at once as there are jobs find one each, and none comes back empty",
    sqlite: ONE_WRITER,
    postgres: {
      edits: {
        CLAIM_TAKE: [
          ["FOR UPDATE SKIP LOCKED", ""],
          ["DELETE FROM millrace.ready y", `DELETE FROM millrace.ready y USING ${A_MOMENT}`],
        ],
      },
    },
  },
  {
    bug: "the slots of a worker are counted, and not held until the claim is committed",
    guarantee: "G1",
    convictedBy:
      "slots: claims of one worker at the same moment, on several connections, bring no more together than it has slots",
    sqlite: ONE_WRITER,
    postgres: { edits: { CLAIM_HOLD_WORKER: ["FOR NO KEY UPDATE", ""] } },
  },
  {
    bug: "a worker is given what it asks for, however much it holds",
    guarantee: "G1",
    convictedBy: "slots: a worker is given no more jobs than it has free slots, and one for each that it settles",
    sqlite: { edits: { CLAIM_HELD: ["count(*)", "0"] } },
    postgres: { edits: { CLAIM_HELD: ["count(*)", "0"] } },
  },
  {
    bug: "a claim asks whether a queue is paused before it takes, and not when",
    guarantee: "G12",
    convictedBy: "queue: a pause holds on every connection",
    sqlite: ONE_WRITER,
    postgres: { edits: { CLAIM_TAKE: ["AND q.paused_at IS NULL", ""] } },
  },
  {
    bug: "a promotion writes the tickets that it has read, whoever has moved them meanwhile",
    guarantee: "G1",
    convictedBy: "race: two who promote at once move each ticket once",
    sqlite: ONE_WRITER,
    postgres: {
      edits: {
        PROMOTE_TO_READY: [
          ["FOR UPDATE SKIP LOCKED", ""],
          [
            "taken AS (",
            `taken AS (
               SELECT s.* FROM millrace.scheduled s, ${A_MOMENT} WHERE s.job = ANY (ARRAY (SELECT job FROM due))
             ), removed AS (`,
          ],
        ],
      },
    },
  },
  {
    bug: "a due schedule is fired by everybody who sees it",
    guarantee: "G1",
    convictedBy: "schedule: two processes firing at once enqueue each due time exactly once",
    sqlite: ONE_WRITER,
    postgres: {
      edits: {
        SCHEDULE_DUE: [
          ["FOR UPDATE SKIP LOCKED", ""],
          ["FROM millrace.schedule", `FROM millrace.schedule CROSS JOIN ${A_MOMENT}`],
        ],
        SCHEDULE_ADVANCE: ["AND next_at = $3::text::bigint", "AND $3::text IS NOT NULL"],
      },
    },
  },
  {
    bug: "a heartbeat names the worker, and not the tokens that it holds",
    guarantee: "G2",
    convictedBy: "lease: one heartbeat answers for each lease in order",
    sqlite: {
      why: "one statement asks for the token of heartbeats, reports and enqueues, and another mutant breaks it",
    },
    postgres: {
      edits: {
        LEASE_PROLONG: [
          ["AND a.token = r.token", "AND r.worker = $2::text"],
          ["AND r.token = a.token", "AND r.worker = $2::text"],
        ],
      },
    },
  },
  {
    bug: "lines are numbered after the last one that was read, whoever is writing more",
    guarantee: "G3",
    convictedBy: "race: lines that one attempt reports at once are numbered 1 to n, no gap, no repeat",
    sqlite: ONE_WRITER,
    postgres: {
      edits: {
        LEASE_HOLD_ALONE: ["FOR NO KEY UPDATE OF r", "FOR KEY SHARE OF r"],
        REPORT_LAST_LINES: ["FROM millrace.log g", `FROM millrace.log g CROSS JOIN ${A_MOMENT}`],
      },
    },
  },
  {
    bug: "a completion asks for a cancel before it takes the ticket, and not when",
    guarantee: "G7",
    convictedBy: "cancel: a cancel and a completion at the same moment agree on one end",
    sqlite: ONE_WRITER,
    postgres: {
      edits: {
        SETTLE_COMPLETE: [
          ["AND r.cancel_requested_at IS NULL", ""],
          [
            "AS v (job, token, result)",
            `AS v (job, token, result) CROSS JOIN ${A_MOMENT}
             WHERE EXISTS (SELECT FROM millrace.running x WHERE x.job = v.job AND x.cancel_requested_at IS NULL)`,
          ],
        ],
      },
    },
  },
  {
    bug: "a cancel ends the job that it saw waiting, though a claim has taken it",
    guarantee: "G7",
    convictedBy: "race: a claim and a cancel of a waiting job at the same moment agree on what became of it",
    sqlite: ONE_WRITER,
    postgres: {
      edits: {
        CANCEL_TAKE_WAITING: [
          "ready AS (",
          `ready AS (
             SELECT y.job, y.attempt, y.token, y.started_at FROM millrace.ready y JOIN j ON y.job = j.seq CROSS JOIN ${A_MOMENT}
           ), removed AS (`,
        ],
      },
    },
  },
  {
    bug: "a change of settings is made to those that were read, whoever has changed them meanwhile",
    guarantee: "G6",
    convictedBy: "race: of two changes of a queue's settings at the same moment neither is lost",
    sqlite: ONE_WRITER,
    postgres: {
      edits: {
        QUEUE_HOLD: [
          ["FOR NO KEY UPDATE", ""],
          ["FROM millrace.queue", `FROM millrace.queue CROSS JOIN ${A_MOMENT}`],
        ],
      },
    },
  },
  {
    bug: "a key is looked up and not held, so that two who find it free both use it",
    guarantee: "G3",
    convictedBy: "race: several connections racing with a key whose job has ended make one job",
    sqlite: ONE_WRITER,
    postgres: {
      edits: {
        KEY_HOLD: ["DO UPDATE SET job = millrace.key.job", "DO NOTHING"],
        KEY_LIVE: [
          "JOIN millrace.job j ON j.seq = ANY (ARRAY[k.job])",
          `JOIN millrace.job j ON j.seq = ANY (ARRAY[k.job]) CROSS JOIN ${A_MOMENT}`,
        ],
      },
    },
  },
  {
    bug: "nothing but a look keeps a request from being written twice",
    guarantee: "G3",
    convictedBy: "race: one request sent over several connections at once is written once",
    sqlite: ONE_WRITER,
    postgres: { edits: { MIGRATION_1: [`text COLLATE "C" NOT NULL UNIQUE CHECK`, `text COLLATE "C" NOT NULL CHECK`] } },
  },
  {
    bug: "a lane is used on that was pruned since it was looked up",
    guarantee: "G3",
    convictedBy: "prune: a fairness key all of whose jobs were pruned can be used again by a connection that knew it",
    sqlite: KNOWN,
    postgres: {
      edits: { ENQUEUE_WRITE: ["WHERE (SELECT count(*) FROM kept) =", "WHERE (SELECT count(*) FROM kept) <="] },
    },
  },
  {
    bug: "lanes that others made are not found",
    guarantee: "G12",
    convictedBy: "claim: twenty workers on connections of their own share ten jobs, each job once",
    sqlite: KNOWN,
    postgres: { edits: { CATALOG_NEW_LANES: ["WHERE l.made_by", "WHERE false AND l.made_by"] } },
  },
  {
    bug: "the counter is read, and written later, without being held",
    guarantee: "G4",
    convictedBy: "numbers: many connections numbering one scope at once give 1 to n, no gap, no repeat",
    sqlite: ONE_WRITER,
    postgres: {
      edits: {
        ENQUEUE_WRITE: [
          ["ORDER BY id FOR NO KEY UPDATE", "ORDER BY id"],
          [
            "SET last = c.last + w.n",
            `SET last = w.n + (SELECT b.last FROM millrace.counter b CROSS JOIN ${A_MOMENT} WHERE b.id = c.id)`,
          ],
        ],
      },
    },
  },
  {
    bug: "numbers are read from the counter and raised in the next statement",
    guarantee: "G4",
    convictedBy: "numbers: ranges taken at once over many connections do not overlap",
    sqlite: ONE_WRITER,
    postgres: {
      edits: {
        NUMBER_TAKE: [
          "SET last = last + $2::text::bigint",
          `SET last = $2::text::bigint + (
             SELECT b.last FROM millrace.counter b CROSS JOIN ${A_MOMENT} WHERE b.id = $1::text::bigint)`,
        ],
      },
    },
  },
  {
    bug: "nobody is told of a commit but the process that made it",
    guarantee: "G9",
    convictedBy: "events: every commit of another connection wakes a listener, not only the first",
    sqlite: POLLED,
    postgres: { wrap: othersAreNotTold, isSilent: true },
  },
];
