import { KNOWN, NO_OTHERS, NUMBERED_AT_ONCE, ONE_WRITER, POLLED } from "./absences.ts";
import type { Bug } from "./mutant.ts";
import { eventsById, withoutSavepoints } from "./postgres-wrappers.ts";

/** Bugs that show beside a transaction of a caller which stays open, or when it commits. */
export const transactionMutants: readonly Bug[] = [
  {
    bug: "rescue takes what it saw, and does not ask the expiry of what it takes",
    guarantee: "G9",
    convictedBy: "open transaction: rescue asks the expiry of the ticket that it takes, not of the one that it saw",
    sqlite: ONE_WRITER,
    postgres: { edits: { RESCUE_TAKE: ["FOR UPDATE SKIP LOCKED", ""] } },
  },
  {
    bug: "rescue waits for a ticket that somebody holds, and with it for a transaction that stays open",
    guarantee: "G10",
    convictedBy:
      "open transaction: a completion that is not committed yet delays no heartbeat, no claim and no upkeep, and is not lost by them",
    sqlite: NO_OTHERS,
    postgres: { edits: { RESCUE_TAKE: ["FOR UPDATE SKIP LOCKED", "FOR UPDATE"] } },
  },
  {
    bug: "a heartbeat waits for a ticket that somebody holds, and the leases after it run out",
    guarantee: "G10",
    convictedBy:
      "open transaction: a completion that is not committed yet delays no heartbeat, no claim and no upkeep, and is not lost by them",
    sqlite: NO_OTHERS,
    postgres: { edits: { LEASE_PROLONG: ["FOR NO KEY UPDATE OF r SKIP LOCKED", "FOR NO KEY UPDATE OF r"] } },
  },
  {
    bug: "an enqueue under a lease asks for its ticket and does not hold it until the commit",
    guarantee: "G2",
    convictedBy:
      "open transaction: an attempt that enqueues in one keeps its ticket meanwhile: rescue passes over it, and heartbeats go on",
    sqlite: ONE_WRITER,
    postgres: { edits: { LEASE_HOLD: ["FOR KEY SHARE OF r", ""] } },
  },
  {
    bug: "an enqueue under a lease holds its ticket alone, so that heartbeats prolong nothing until the commit",
    guarantee: "G9",
    convictedBy:
      "open transaction: an attempt that enqueues in one keeps its ticket meanwhile: rescue passes over it, and heartbeats go on",
    sqlite: NO_OTHERS,
    postgres: { edits: { LEASE_HOLD: ["FOR KEY SHARE OF r", "FOR UPDATE OF r"] } },
  },
  {
    bug: "a lane is pruned while somebody writes to it",
    guarantee: "G3",
    convictedBy: "open transaction: a lane that one writes to is not pruned, though it looks empty",
    sqlite: ONE_WRITER,
    postgres: {
      edits: { ENQUEUE_WRITE_LATE: ["= ANY ($2::text::bigint[]) FOR KEY SHARE", "= ANY ($2::text::bigint[])"] },
    },
  },
  {
    bug: "prune waits for whoever writes to a lane, and with it for a transaction that stays open",
    guarantee: "G10",
    convictedBy: "open transaction: a lane that one writes to is not pruned, though it looks empty",
    sqlite: NO_OTHERS,
    postgres: { edits: { PRUNE_HOLD_LANES: ["FOR UPDATE SKIP LOCKED", "FOR UPDATE"] } },
  },
  {
    bug: "lanes are looked for from the newest transaction on, and those of one that commits late are not found",
    guarantee: "G12",
    convictedBy: "open transaction: a worker that looked while an import was under way finds what it brought",
    sqlite: KNOWN,
    postgres: { edits: { CATALOG_NEW_LANES: ["pg_snapshot_xmin", "pg_snapshot_xmax"] } },
  },
  {
    bug: "jobs of a caller's transaction are numbered when they are enqueued, and others wait until it ends",
    guarantee: "G10",
    convictedBy:
      "open transaction: a transaction that stays open delays no other enqueue of its scope, and its numbers come after theirs",
    sqlite: NO_OTHERS,
    postgres: { edits: { MIGRATION_1: ["DEFERRABLE INITIALLY DEFERRED", "DEFERRABLE INITIALLY IMMEDIATE"] } },
  },
  {
    bug: "the first job of a caller's transaction is numbered at the commit, and the others are not",
    guarantee: "G4",
    convictedBy: "transaction: an enqueue in a caller's transaction commits with it",
    sqlite: NUMBERED_AT_ONCE,
    postgres: {
      edits: {
        MIGRATION_1: [
          [
            "WHERE seq = NEW.seq AND awaits_number;",
            `WHERE seq = NEW.seq AND awaits_number AND NOT EXISTS (
               SELECT FROM millrace.job WHERE number IS NOT NULL AND xmin = pg_current_xact_id()::xid);`,
          ],
          ["array_agg(seq ORDER BY seq) AS jobs", "ARRAY[min(seq)] AS jobs"],
        ],
      },
    },
  },
  {
    bug: "a job of a caller's transaction awaits its number for ever",
    guarantee: "G4",
    convictedBy: "open transaction: a job has no number until its transaction has committed",
    sqlite: NUMBERED_AT_ONCE,
    postgres: { edits: { MIGRATION_1: ["FOR EACH ROW WHEN (NEW.awaits_number)", "FOR EACH ROW WHEN (false)"] } },
  },
  {
    bug: "jobs of a caller's transaction are numbered in another order than they came",
    guarantee: "G4",
    convictedBy: "transaction: an enqueue in a caller's transaction commits with it",
    sqlite: NUMBERED_AT_ONCE,
    postgres: { edits: { MIGRATION_1: ["array_agg(seq ORDER BY seq)", "array_agg(seq ORDER BY seq DESC)"] } },
  },
  {
    bug: "commits of callers take the counters of several scopes in any order, and wait for each other",
    guarantee: "G10",
    convictedBy:
      "open transaction: many transactions of callers over the same scopes, in every order, all commit, without gap or repeat",
    sqlite: NO_OTHERS,
    postgres: { edits: { MIGRATION_1: ["GROUP BY scope ORDER BY scope", "GROUP BY scope ORDER BY min(seq)"] } },
  },
  {
    bug: "a call that fails in a caller's transaction takes the whole transaction with it",
    guarantee: "G11",
    convictedBy:
      "transaction: a call that fails inside a caller's transaction leaves nothing of itself, though the caller goes on",
    sqlite: { why: "the driver keeps the savepoint, and none of the statements says so" },
    postgres: { wrap: withoutSavepoints },
  },
  {
    bug: "events are read on from the last id that was seen, and those of one that commits late are missed",
    guarantee: "G11",
    convictedBy:
      "open transaction: an event of a transaction that commits late is not missed by one who has read on meanwhile",
    sqlite: ONE_WRITER,
    postgres: { wrap: eventsById },
  },
  {
    bug: "events are read on from the newest transaction that was seen, and those of an older one that commits late are missed",
    guarantee: "G11",
    convictedBy:
      "open transaction: an event of a transaction that commits late is not missed by one who has read on meanwhile",
    sqlite: ONE_WRITER,
    postgres: {
      edits: {
        EVENT_AFTER: ["NOT pg_visible_in_snapshot(e.made_by, s.since)", "e.made_by >= pg_snapshot_xmax(s.since)"],
      },
    },
  },
  {
    bug: "nobody is told of what a caller commits",
    guarantee: "G11",
    convictedBy: "events: every commit of a caller's transaction wakes a listener, not only the first",
    sqlite: POLLED,
    postgres: {
      edits: { ENQUEUE_WRITE_LATE: ["pg_notify($21::text, $22::text)", "$21::text || $22::text"] },
      isSilent: true,
    },
  },
];
