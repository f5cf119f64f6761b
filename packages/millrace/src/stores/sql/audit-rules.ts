import type { AuditRule } from "./audit-query.ts";

/** What is due, or has run out, and lies for longer although workers are there breaks a promise. */
const PATIENCE_MS = 300_000;

/** The attempt that a ticket should be at: those used up before, and one more for what runs or has ended the job. */
const DUE_ATTEMPT = `CASE WHEN t.past = 0 THEN 0 WHEN a.ending IN ('failed', 'lost') THEN a.attempt ELSE a.attempt - 1 END
  + t.token - t.past`;

function rule(guarantee: string, name: string, message: string, when: string): AuditRule {
  return { guarantee, name, message, when };
}

/** One that a moment can break, when all come back at once after an outage: looked at again before it is told. */
function passing(guarantee: string, name: string, message: string, when: string): AuditRule {
  return { ...rule(guarantee, name, message, when), isPassing: true };
}

/** Of a job `t` with its ticket, and its last earlier attempt `a`: columns as in `audit-jobs.ts`. */
export const JOB_RULES: readonly AuditRule[] = [
  rule("G3", "nowhere", "jobs whose ticket is gone", "t.places = 0"),
  rule("G3", "twice", "jobs whose ticket lies in two places", "t.places > 1"),
  rule("G6", "undone", "finished jobs that still have a ticket", "t.places > 1 AND t.done IS NOT NULL"),
  rule("G3", "unserved", "jobs whose lane or queue is gone", "t.known_queue IS NULL"),
  rule("G3", "unscoped", "jobs whose scope is gone", "t.known_scope IS NULL"),
  rule("G8", "foreign", "jobs counted by another organisation than their queue's", "t.scope_org <> t.org"),
  rule(
    "G5",
    "early",
    "jobs that start or end before they were created",
    "t.started_at < t.created_at OR t.attempt_started_at < t.started_at OR t.finished_at < t.created_at" +
      " OR t.finished_at < t.started_at OR t.finished_at < t.attempt_started_at OR t.first_run_at < t.created_at",
  ),
  rule(
    "G5",
    "unstarted",
    "jobs that were claimed and never started, or started and were never claimed",
    "(t.token = 0) <> (t.started_at IS NULL)",
  ),
  rule("G2", "fallen", "jobs with an attempt whose token is above what their ticket allows", "t.has_later"),
  rule("G2", "untold", "jobs with a token whose attempt is not there", "t.past > 0 AND a.token IS NULL"),
  rule("G2", "miscounted", "jobs at another attempt than they have used up", `t.attempt <> ${DUE_ATTEMPT}`),
  rule("G6", "unfinished", "jobs that ran out of attempts and still wait", "t.waiting AND t.attempt >= t.max_attempts"),
  rule("G6", "overrun", "jobs at an attempt above those they have", "t.attempt > t.max_attempts"),
  rule(
    "G6",
    "inconsistent",
    "finished jobs whose outcome contradicts itself",
    "t.done IS NOT NULL AND (t.state NOT IN ('completed', 'failed', 'cancelled') OR t.has_result <> (t.state = 'completed')" +
      " OR t.has_error <> (t.state = 'failed') OR (t.ended_by = 'lease' AND t.state <> 'failed')" +
      " OR (t.ended_by <> 'cancel' AND (t.worker IS NULL OR t.attempt_started_at IS NULL)))",
  ),
  rule(
    "G7",
    "uncancelled",
    "jobs of which a cancel was accepted, and that ended otherwise; or the other way round",
    "t.done IS NOT NULL AND ((t.cancel_requested_at IS NOT NULL AND t.state <> 'cancelled')" +
      " OR (t.ended_by = 'cancel') <> (t.cancel_requested_at IS NOT NULL))",
  ),
  rule("G12", "misplaced", "jobs whose ticket lies in another lane than theirs", "t.ticket_lane <> t.lane"),
  rule("G12", "reranked", "jobs whose ticket has another priority than theirs", "t.ticket_priority <> t.priority"),
  rule(
    "G12",
    "retimed",
    "jobs whose first ticket falls due at another time than theirs",
    "t.token = 0 AND t.ticket_run_at <> t.first_run_at",
  ),
  rule(
    "G8",
    "accompanied",
    "finished jobs beside which secrets or traces still lie",
    "t.companion AND t.done IS NOT NULL",
  ),
  rule(
    "G1",
    "unkeyed",
    "unfinished jobs whose key names another, so that it may be enqueued twice",
    "t.key IS NOT NULL AND t.done IS NULL AND NOT t.is_keyed",
  ),
  rule("G3", "mistagged", "jobs that are not found by their tags", "t.tag_count <> t.tags_said"),
];

/**
 * Promises about time, of a row `t` and the present `n.at`. Where nobody is at work nothing is late, and who has just
 * come back needs a moment to catch up.
 */
export function lateRules(worker: string): readonly AuditRule[] {
  const late = (column: string): string =>
    `t.${column} < n.at - ${PATIENCE_MS} AND EXISTS (SELECT 1 FROM ${worker} w
       WHERE w.started_at <= n.at - ${PATIENCE_MS} AND w.alive_until > n.at)`;
  return [
    passing("G12", "overdue", "jobs that are due for over five minutes and still lie in scheduled", late("due_at")),
    passing(
      "G9",
      "unrescued",
      "jobs whose lease ran out over five minutes ago and which still run",
      late("lease_until"),
    ),
    passing(
      "G7",
      "ungraced",
      "cancelled jobs whose grace is over for five minutes and which still run",
      late("cancel_until"),
    ),
  ];
}

/** Of rows `p` in the order of their tokens, each with what came before it, and their job `j`. */
export const ATTEMPT_RULES: readonly AuditRule[] = [
  rule("G3", "orphan", "attempts of a job that is gone", "j.seq IS NULL"),
  rule("G2", "skipped", "attempts before which a token is missing", "p.token <> p.before + 1"),
  rule("G2", "misnumbered", "attempts that count on wrongly from the one before", "p.attempt <> p.used_before + 1"),
  rule(
    "G5",
    "early",
    "attempts that start before their job was created, or end before they start",
    "p.started_at < j.created_at OR p.ended_at < p.started_at",
  ),
];

export const LOG_RULES: readonly AuditRule[] = [
  rule("G3", "orphan", "log lines of a job that is gone", "j.seq IS NULL"),
  rule("G3", "skipped", "log lines before which one is missing", "p.sequence <> p.before + 1"),
];

/**
 * Of rows `p` in the order of their numbers, and their counter `c`. Pruned jobs, adopted numbers and numbers of the user's
 * own rows leave holes that are none of ours. Jobs that were numbered at a commit, here or where they were carried from, do
 * not lie in the order of their numbers.
 */
export const NUMBER_RULES: readonly AuditRule[] = [
  rule("G4", "gap", "numbers before which one is missing", "NOT c.has_holes AND p.number <> p.before + 1"),
];

/** Of a counter `c` with the highest number `c.highest` of its jobs. */
export const COUNTER_RULES: readonly AuditRule[] = [
  rule("G4", "behind", "scopes whose counter is behind their numbers", "c.last < c.highest"),
  rule("G4", "ahead", "scopes whose last numbers no job has", "NOT c.has_holes AND c.last > c.highest"),
];

export const LANE_RULES: readonly AuditRule[] = [
  rule("G3", "orphan", "lanes whose queue is gone", "q.id IS NULL"),
  rule(
    "G12",
    "astray",
    "lanes that do not lie with their queue, where a claim looks for them",
    "l.id / 4294967296 <> l.queue",
  ),
];

/** Of rows `p` that hang on a job, by the table that each lies in. */
export const HANGING_RULES: readonly AuditRule[] = [
  rule(
    "G3",
    "orphan",
    "tickets, keys, tags, artifacts, late reports or companions of a job that is gone",
    "p.is_orphan",
  ),
  rule("G1", "misled", "keys that name a job with another key", "p.is_misled"),
  rule("G3", "discarded", "artifacts whose bytes are to be deleted", "p.is_discarded"),
];
