import type { Bug } from "./mutant.ts";

/** Bugs that fit into one statement, or into the same mistake made in several. */
export const sqlMutants: readonly Bug[] = [
  {
    bug: "claim leaves the ticket where it was, so the next one takes it too",
    guarantee: "G1",
    convictedBy: "claim: a claimed job is not claimed again, by anyone",
    sqlite: {
      edits: {
        CLAIM_START: ["INSERT INTO", "INSERT OR REPLACE INTO"],
        CLAIM_LEAVE_READY: ["WHERE job IN", "WHERE 0 AND job IN"],
      },
    },
    postgres: {
      edits: {
        CLAIM_TAKE: [
          ["DELETE FROM millrace.ready y", "SELECT y.* FROM millrace.ready y"],
          ["RETURNING y.*", ""],
          ["RETURNING job, lane,", "ON CONFLICT (job) DO UPDATE SET token = excluded.token RETURNING job, lane,"],
        ],
      },
    },
  },
  {
    bug: "settle is guarded by the state alone and ignores the token",
    guarantee: "G2",
    convictedBy: "lease: a worker whose job was rescued can no longer settle, report, prolong or enqueue",
    sqlite: {
      edits: {
        SETTLE_COMPLETE: ["AND r.token = CAST(substr(e.value, 31, 16) AS INTEGER)", ""],
        SETTLE_TAKE: ["AND token = ?", "AND ? IS NOT NULL"],
        SETTLE_WRITTEN_OUTCOME: ["AND d.token = ?", "AND ? IS NOT NULL"],
      },
    },
    postgres: {
      edits: {
        SETTLE_COMPLETE: ["AND r.token = a.token", ""],
        SETTLE_TAKE: ["AND r.token = a.token", ""],
        SETTLE_WRITTEN: ["AND d.token = v.token", ""],
      },
    },
  },
  {
    bug: "heartbeats, reports and enqueues under a lease ignore the token",
    guarantee: "G2",
    convictedBy: "lease: a worker whose job was rescued can no longer settle, report, prolong or enqueue",
    sqlite: { edits: { LEASE_HELD: ["AND r.token = ?", "AND ? IS NOT NULL"] } },
    postgres: {
      edits: {
        LEASE_HOLD: ["AND r.token = a.token", ""],
        LEASE_HOLD_ALONE: [
          ["AND r.token = a.token", ""],
          ["r.token, r.attempt", "a.token, r.attempt"],
        ],
        LEASE_PROLONG: [
          ["AND a.token = r.token", ""],
          ["AND r.token = a.token", ""],
        ],
      },
    },
  },
  {
    bug: "the fence is the count of attempts, which snooze and release give back",
    guarantee: "G2",
    convictedBy: "claim: every claim of a job gets a higher token than the one before, whatever ended it",
    sqlite: { edits: { CLAIM_START: ["token + 1", "attempt + 1"] } },
    postgres: { edits: { CLAIM_TAKE: ["y.token + 1", "y.attempt + 1"] } },
  },
  {
    bug: "a ticket handed back to ready forgets its token",
    guarantee: "G2",
    convictedBy: "settle: snooze and release give the attempt back, and the token grows all the same",
    sqlite: {
      edits: { SETTLE_TO_READY: ["VALUES (?, ?, ?, ?, ?, ?, ?)", "VALUES (?1, ?2, ?3, ?4, ?5, ?5 + 0 * ?6, ?7)"] },
    },
    postgres: {
      edits: {
        SETTLE_TO_READY: [
          ["SELECT * FROM", "SELECT a, b, c, d, e, e, g FROM"],
          ["$7::text::bigint[])", "$7::text::bigint[]) AS v (a, b, c, d, e, f, g)"],
        ],
      },
    },
  },
  {
    bug: "the ticket of a failed attempt is dropped",
    guarantee: "G3",
    convictedBy: "settle: a failed attempt waits out its backoff, counted and on record, and runs again",
    sqlite: {
      edits: { SETTLE_TO_SCHEDULED: ["VALUES (?, ?, ?, ?, ?, ?, ?)", "SELECT ?, ?, ?, ?, ?, ?, ? WHERE 0"] },
    },
    postgres: {
      edits: {
        SETTLE_TO_SCHEDULED: [
          "delay_ms, attempt, token, started_at)",
          "delay_ms, attempt, token, started_at) WHERE false",
        ],
      },
    },
  },
  {
    bug: "promotion writes the ticket to ready and leaves it in scheduled as well",
    guarantee: "G3",
    convictedBy: "audit: an audit finds nothing after jobs went every way there is",
    sqlite: { edits: { PROMOTE_LEAVE_SCHEDULED: ["WHERE job IN", "WHERE 0 AND job IN"] } },
    postgres: {
      edits: {
        PROMOTE_TO_READY: [
          ["DELETE FROM millrace.scheduled s", "SELECT s.* FROM millrace.scheduled s"],
          ["RETURNING s.*", ""],
        ],
      },
    },
  },
  {
    bug: "the next number is MAX + 1 of the jobs there are",
    guarantee: "G4",
    convictedBy: "prune: numbers go on where they were after everything was pruned",
    sqlite: {
      edits: {
        NUMBER_RAISE: [
          "millrace_counter.last + excluded.last",
          "excluded.last + (SELECT coalesce(max(j.number), 0) FROM millrace_job j WHERE j.scope = millrace_counter.id)",
        ],
      },
    },
    postgres: {
      edits: {
        ENQUEUE_WRITE: [
          "SET last = c.last + w.n",
          "SET last = w.n + (SELECT coalesce(max(j.number), 0) FROM millrace.job j WHERE j.scope = c.id)",
        ],
      },
    },
  },
  {
    bug: "an adopted sequence may go backwards",
    guarantee: "G4",
    convictedBy: "numbers: an adopted sequence goes on, and refuses to go backwards",
    sqlite: { edits: { NUMBER_ADOPT: ["WHERE excluded.last >= millrace_counter.last", "WHERE true"] } },
    postgres: { edits: { NUMBER_ADOPT: ["AND last <= $2::text::bigint", ""] } },
  },
  {
    bug: "starts are taken from whatever clock claims, before the creation if need be",
    guarantee: "G5",
    convictedBy: "time: created ≤ started ≤ finished when the clock steps back between any two moves",
    sqlite: {
      edits: {
        CLAIM_START: [
          "coalesce(started_at, max(?2, run_at)), ?3, max(?2, run_at, coalesce(started_at, 0))",
          "coalesce(started_at, ?2), ?3, max(?2, coalesce(started_at, 0))",
        ],
      },
    },
    postgres: {
      edits: {
        CLAIM_TAKE: [
          ["greatest(t.now, y.run_at)", "t.now"],
          ["greatest(t.now, y.run_at, coalesce(y.started_at, 0))", "greatest(t.now, coalesce(y.started_at, 0))"],
        ],
      },
    },
  },
  {
    bug: "ends are taken from the caller, who may be behind",
    guarantee: "G5",
    convictedBy: "time: created ≤ finished for a job cancelled while the clock is behind",
    sqlite: { edits: { CANCEL_FINISH_WAITING: ["max(?5, j.created_at, coalesce(?4, 0))", "?5"] } },
    postgres: { edits: { CANCEL_FINISH_WAITING: ["greatest(t.now, j.created_at, $5::text::bigint)", "t.now"] } },
  },
  {
    bug: "a retried job starts anew and forgets when it first started",
    guarantee: "G5",
    convictedBy: "lease: a job keeps the start of its first attempt through rescue and retry",
    sqlite: { edits: { CLAIM_START: ["coalesce(started_at, max(?2, run_at))", "max(?2, run_at)"] } },
    postgres: {
      edits: { CLAIM_TAKE: ["coalesce(y.started_at, greatest(t.now, y.run_at))", "greatest(t.now, y.run_at)"] },
    },
  },
  {
    bug: "a completion overwrites a cancel that was accepted",
    guarantee: "G7",
    convictedBy: "cancel: complete after an accepted cancel ends the job as cancelled, and says so",
    sqlite: { edits: { SETTLE_COMPLETE: ["WHERE r.cancel_requested_at IS NULL", ""] } },
    postgres: { edits: { SETTLE_COMPLETE: ["AND r.cancel_requested_at IS NULL", ""] } },
  },
  {
    bug: "cancel is cooperative only: a handler that does not listen runs on",
    guarantee: "G7",
    convictedBy: "cancel: after the grace period rescue ends the job whether its handler obeys or not",
    sqlite: {
      edits: {
        RESCUE_OVERDUE: ["OR r.cancel_until <= ?1", ""],
        RESCUE_TAKE: ["OR cancel_until <= ?3", ""],
      },
    },
    postgres: { edits: { RESCUE_TAKE: ["OR r.cancel_until <= (SELECT now FROM t)", ""] } },
  },
  {
    bug: "a second cancel overwrites who asked first",
    guarantee: "G7",
    convictedBy: "cancel: a running job is asked to stop, its worker is told, and the first record stands",
    sqlite: { edits: { CANCEL_REQUEST: ["AND cancel_requested_at IS NULL", ""] } },
    postgres: { edits: { CANCEL_REQUEST: ["AND r.cancel_requested_at IS NULL", ""] } },
  },
  {
    bug: "rescue goes by the age of the attempt and never asks the expiry",
    guarantee: "G9",
    convictedBy: "lease: rescue asks the expiry: a job that runs for days on a live lease is left alone",
    sqlite: {
      edits: {
        RESCUE_NEXT: [
          "min(min(lease_until), coalesce(min(cancel_until), min(lease_until)))",
          "min(attempt_started_at) + 30000",
        ],
        RESCUE_OVERDUE: ["r.lease_until", "r.attempt_started_at + 30000"],
        RESCUE_TAKE: ["lease_until", "attempt_started_at + 30000"],
      },
    },
    postgres: {
      edits: {
        RESCUE_NEXT: ["min(r.lease_until)", "min(r.attempt_started_at) + 30000"],
        RESCUE_TAKE: ["r.lease_until", "r.attempt_started_at + 30000"],
      },
    },
  },
  {
    bug: "a heartbeat says held and prolongs nothing",
    guarantee: "G9",
    convictedBy: "lease: a heartbeat prolongs the lease, and rescue lets it be",
    sqlite: { edits: { LEASE_PROLONG: ["max(lease_until, ?3)", "max(lease_until, 0 * ?3)"] } },
    postgres: { edits: { LEASE_PROLONG: ["greatest(r.lease_until, t.now + $3::text::bigint)", "r.lease_until"] } },
  },
  {
    bug: "rescue gives a job attempts without end",
    guarantee: "G9",
    convictedBy: "lease: rescue fails a job whose attempts are used up, and the late result is lost",
    sqlite: { edits: { RESCUE_OVERDUE: ["j.max_attempts", "1000000 AS max_attempts"] } },
    postgres: { edits: { RESCUE_TAKE: ["j.max_attempts", "1000000 AS max_attempts"] } },
  },
  {
    bug: "a claim takes tickets in no order of their coming",
    guarantee: "G12",
    convictedBy: "claim: first in is first out, one by one and by the batch",
    sqlite: { edits: { CLAIM_HEADS: ["run_at, job LIMIT", "run_at DESC, job DESC LIMIT"] } },
    postgres: { edits: { CLAIM_TAKE: ["y.run_at, y.job LIMIT", "y.run_at DESC, y.job DESC LIMIT"] } },
  },
  {
    bug: "a claim does not look at priorities",
    guarantee: "G12",
    convictedBy: "claim: a higher priority goes first, and inside one priority the first in",
    sqlite: { edits: { CLAIM_HEADS: ["priority DESC,", ""] } },
    postgres: { edits: { CLAIM_TAKE: ["ORDER BY y.priority DESC,", "ORDER BY"] } },
  },
  {
    bug: "a claim looks at the first lane only and lets the others starve",
    guarantee: "G12",
    convictedBy: "lanes: no lane starves: each of many is served while the others never run dry",
    sqlite: { edits: { CLAIM_NEXT_LANE: ["lane < ?2", "lane < ?2 AND lane % 4294967296 = 1"] } },
    postgres: {
      edits: { CLAIM_HEADS: ["unnest($1::text::bigint[]) AS v (lane)", "(SELECT ($1::text::bigint[])[1] AS lane) v"] },
    },
  },
  {
    bug: "promotion does not wait for the due time",
    guarantee: "G12",
    convictedBy: "claim: a scheduled job is not claimed before it is due",
    sqlite: {
      edits: { PROMOTE_TO_READY: ["run_at <= ?1", "?1 > 0"], PROMOTE_NEXT: ["min(run_at)", "0 * min(run_at)"] },
    },
    postgres: {
      edits: { PROMOTE_TO_READY: ["s.run_at <=", "0 <="], PROMOTE_NEXT: ["min(run_at)", "0 * min(run_at)"] },
    },
  },
  {
    bug: "a schedule that has fired is still due",
    guarantee: "G1",
    convictedBy: "schedule: a schedule fires when it is due, and not before",
    sqlite: { edits: { SCHEDULE_ADVANCE: ["SET next_at = ?4", "SET next_at = coalesce(next_at, ?4)"] } },
    postgres: {
      edits: {
        SCHEDULE_ADVANCE: ["SET next_at = $4::text::bigint", "SET next_at = coalesce(next_at, $4::text::bigint)"],
      },
    },
  },
  {
    bug: "prune does not ask how long a job is to be kept",
    guarantee: "G6",
    convictedBy: "prune: a finished job goes when its retention is over, with its logs and attempts, and not before",
    sqlite: {
      edits: {
        PRUNE_OLDEST: [
          "j.created_at, d.state, d.finished_at",
          "0 AS created_at, d.state, 0 * d.finished_at AS finished_at",
        ],
      },
    },
    postgres: {
      edits: {
        PRUNE_LANES: ["oldest.created_at <= v.latest", "v.latest IS NOT NULL"],
        PRUNE_OLDEST: [
          "j.created_at, d.state, d.finished_at",
          "0 AS created_at, d.state, 0 * d.finished_at AS finished_at",
        ],
      },
    },
  },
];
