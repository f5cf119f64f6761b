import type { Mutant } from "./mutant.ts";

/** Bugs that fit into one statement. */
export const sqlMutants: readonly Mutant[] = [
  {
    bug: "claim leaves the ticket where it was, so the next one takes it too",
    guarantee: "G1",
    convictedBy: "claim: a claimed job is not claimed again, by anyone",
    edits: {
      CLAIM_START: ["INSERT INTO", "INSERT OR REPLACE INTO"],
      CLAIM_LEAVE_READY: ["WHERE job IN", "WHERE 0 AND job IN"],
    },
  },
  {
    bug: "settle is guarded by the state alone and ignores the token",
    guarantee: "G2",
    convictedBy: "lease: the same worker that claims its rescued job again is fenced from its first attempt",
    edits: {
      SETTLE_COMPLETE: ["AND r.token = CAST(substr(e.value, 31, 16) AS INTEGER)", ""],
      SETTLE_TAKE: ["AND token = ?", "AND ? IS NOT NULL"],
      SETTLE_WRITTEN_OUTCOME: ["AND d.token = ?", "AND ? IS NOT NULL"],
    },
  },
  {
    bug: "heartbeats, reports and enqueues under a lease ignore the token",
    guarantee: "G2",
    convictedBy: "lease: a worker whose job was rescued can no longer settle, report, prolong or enqueue",
    edits: { LEASE_HELD: ["AND r.token = ?", "AND ? IS NOT NULL"] },
  },
  {
    bug: "the fence is the count of attempts, which snooze and release give back",
    guarantee: "G2",
    convictedBy: "claim: every claim of a job gets a higher token than the one before, whatever ended it",
    edits: { CLAIM_START: ["token + 1", "attempt + 1"] },
  },
  {
    bug: "a ticket handed back to ready forgets its token",
    guarantee: "G2",
    convictedBy: "settle: snooze and release give the attempt back, and the token grows all the same",
    edits: { SETTLE_TO_READY: ["VALUES (?, ?, ?, ?, ?, ?, ?)", "VALUES (?1, ?2, ?3, ?4, ?5, ?5 + 0 * ?6, ?7)"] },
  },
  {
    bug: "the ticket of a failed attempt is dropped",
    guarantee: "G3",
    convictedBy: "settle: a failed attempt waits out its backoff, counted and on record, and runs again",
    edits: { SETTLE_TO_SCHEDULED: ["VALUES (?, ?, ?, ?, ?, ?, ?)", "SELECT ?, ?, ?, ?, ?, ?, ? WHERE 0"] },
  },
  {
    bug: "promotion writes the ticket to ready and leaves it in scheduled as well",
    guarantee: "G3",
    convictedBy: "audit: an audit finds nothing after jobs went every way there is",
    edits: { PROMOTE_LEAVE_SCHEDULED: ["WHERE job IN", "WHERE 0 AND job IN"] },
  },
  {
    bug: "a key is looked up nowhere, so two live jobs can have it",
    guarantee: "G3",
    convictedBy: "keys: a live job with the key is answered instead of a second one",
    edits: { ENQUEUE_LIVE_KEY: ["WHERE k.org", "WHERE 0 AND k.org"] },
  },
  {
    bug: "the next number is MAX + 1 of the jobs there are",
    guarantee: "G4",
    convictedBy: "prune: numbers go on where they were after everything was pruned",
    edits: {
      NUMBER_RAISE: [
        "millrace_counter.last + excluded.last",
        "excluded.last + (SELECT coalesce(max(j.number), 0) FROM millrace_job j WHERE j.scope = millrace_counter.id)",
      ],
    },
  },
  {
    bug: "an adopted sequence may go backwards",
    guarantee: "G4",
    convictedBy: "numbers: an adopted sequence goes on, and refuses to go backwards",
    edits: { NUMBER_ADOPT: ["WHERE excluded.last >= millrace_counter.last", "WHERE true"] },
  },
  {
    bug: "starts are taken from whatever clock claims, before the creation if need be",
    guarantee: "G5",
    convictedBy: "time: created ≤ started ≤ finished when the clock steps back between any two moves",
    edits: {
      CLAIM_START: [
        "coalesce(started_at, max(?2, run_at)), ?3, max(?2, run_at, coalesce(started_at, 0))",
        "coalesce(started_at, ?2), ?3, max(?2, coalesce(started_at, 0))",
      ],
    },
  },
  {
    bug: "ends are taken from the caller, who may be behind",
    guarantee: "G5",
    convictedBy: "time: created ≤ finished for a job cancelled while the clock is behind",
    edits: {
      CANCEL_FINISH_WAITING: ["max(?5, j.created_at, coalesce(?4, 0))", "?5"],
    },
  },
  {
    bug: "a retried job starts anew and forgets when it first started",
    guarantee: "G5",
    convictedBy: "lease: a job keeps the start of its first attempt through rescue and retry",
    edits: { CLAIM_START: ["coalesce(started_at, max(?2, run_at))", "max(?2, run_at)"] },
  },
  {
    bug: "a completion overwrites a cancel that was accepted",
    guarantee: "G7",
    convictedBy: "cancel: complete after an accepted cancel ends the job as cancelled, and says so",
    edits: { SETTLE_COMPLETE: ["WHERE r.cancel_requested_at IS NULL", ""] },
  },
  {
    bug: "cancel is cooperative only: a handler that does not listen runs on",
    guarantee: "G7",
    convictedBy: "cancel: after the grace period rescue ends the job whether its handler obeys or not",
    edits: {
      RESCUE_OVERDUE: ["OR r.cancel_until <= ?1", ""],
      RESCUE_TAKE: ["OR cancel_until <= ?3", ""],
    },
  },
  {
    bug: "a second cancel overwrites who asked first",
    guarantee: "G7",
    convictedBy: "cancel: a running job is asked to stop, its worker is told, and the first record stands",
    edits: { CANCEL_REQUEST: ["AND cancel_requested_at IS NULL", ""] },
  },
  {
    bug: "a number is found whoever's it is",
    guarantee: "G8",
    convictedBy: "numbers: the scopes of two organisations do not touch",
    edits: { READ_JOB_BY_NUMBER: ["c.org = ?1", "?1 IS NOT NULL"] },
  },
  {
    bug: "rescue goes by the age of the attempt and never asks the expiry",
    guarantee: "G9",
    convictedBy: "lease: rescue asks the expiry: a job that runs for days on a live lease is left alone",
    edits: {
      RESCUE_NEXT: [
        "min(min(lease_until), coalesce(min(cancel_until), min(lease_until)))",
        "min(attempt_started_at) + 30000",
      ],
      RESCUE_OVERDUE: ["r.lease_until", "r.attempt_started_at + 30000"],
      RESCUE_TAKE: ["lease_until", "attempt_started_at + 30000"],
    },
  },
  {
    bug: "a heartbeat says held and prolongs nothing",
    guarantee: "G9",
    convictedBy: "lease: a heartbeat prolongs the lease, and rescue lets it be",
    edits: { LEASE_PROLONG: ["max(lease_until, ?3)", "max(lease_until, 0 * ?3)"] },
  },
  {
    bug: "rescue gives a job attempts without end",
    guarantee: "G9",
    convictedBy: "lease: rescue fails a job whose attempts are used up, and the late result is lost",
    edits: { RESCUE_OVERDUE: ["j.max_attempts", "1000000 AS max_attempts"] },
  },
  {
    bug: "a claim takes tickets in no order of their coming",
    guarantee: "G12",
    convictedBy: "claim: first in is first out, one by one and by the batch",
    edits: { CLAIM_HEADS: ["run_at, job LIMIT", "run_at DESC, job DESC LIMIT"] },
  },
  {
    bug: "a claim does not look at priorities",
    guarantee: "G12",
    convictedBy: "claim: a higher priority goes first, and inside one priority the first in",
    edits: { CLAIM_HEADS: ["priority DESC,", ""] },
  },
  {
    bug: "a claim looks at the first lane only and lets the others starve",
    guarantee: "G12",
    convictedBy: "lanes: no lane starves: each of many is served while the others never run dry",
    edits: { CLAIM_NEXT_LANE: ["lane < ?2", "lane < ?2 AND lane % 4294967296 = 1"] },
  },
  {
    bug: "promotion does not wait for the due time",
    guarantee: "G12",
    convictedBy: "claim: a scheduled job is not claimed before it is due",
    edits: { PROMOTE_TO_READY: ["run_at <= ?1", "?1 > 0"], PROMOTE_NEXT: ["min(run_at)", "0 * min(run_at)"] },
  },
  {
    bug: "a schedule that has fired is still due",
    guarantee: "G1",
    convictedBy: "schedule: a schedule fires when it is due, and not before",
    edits: { SCHEDULE_ADVANCE: ["SET next_at = ?4", "SET next_at = coalesce(next_at, ?4)"] },
  },
  {
    bug: "prune does not ask how long a job is to be kept",
    guarantee: "G6",
    convictedBy: "prune: a finished job goes when its retention is over, with its logs and attempts, and not before",
    edits: {
      PRUNE_OLDEST: [
        "j.created_at, d.state, d.finished_at",
        "0 AS created_at, d.state, 0 * d.finished_at AS finished_at",
      ],
    },
  },
];
