import type { JobId } from "../../src/core/job.ts";
import type { Scene } from "./damage-scene.ts";

/** How a store writes what both do to it. */
export interface Hand {
  readonly table: (name: string) => string;
  /** SQL for the row of a job. */
  readonly row: (job: JobId) => string;
}

export interface Damage {
  readonly what: string;
  readonly guarantee: string;
  /** What the audit says of it. */
  readonly says: string;
  readonly sql: (hand: Hand, scene: Scene) => string;
  /** Where only one store has it. */
  readonly only?: "sqlite" | "postgres";
}

type Writing = (table: (name: string) => string, row: (job: keyof Scene) => string) => string;

function damage(guarantee: string, says: string, what: string, writing: Writing, only?: Damage["only"]): Damage {
  return {
    what,
    guarantee,
    says,
    sql: ({ table, row }, scene) => writing(table, (job) => row(scene[job])),
    ...(only === undefined ? {} : { only }),
  };
}

const HOUR_MS = 3_600_000;
const NO_JOB = "987654321";
const DIGEST = "ab".repeat(32);
const IDLE_WORKER = (t: (name: string) => string): string =>
  `UPDATE ${t("worker")} SET started_at = started_at - ${HOUR_MS}, alive_until = alive_until + ${HOUR_MS}`;

/** What could only come about by a bug, a broken disk or a hand in the data. */
export const DAMAGE: readonly Damage[] = [
  damage(
    "G3",
    "jobs whose ticket is gone",
    "a ticket is gone",
    (t, row) => `DELETE FROM ${t("ready")} WHERE job = ${row("fresh")}`,
  ),
  damage(
    "G3",
    "jobs whose ticket lies in two places",
    "a ticket lies in two places",
    (t, row) =>
      `INSERT INTO ${t("scheduled")} (job, lane, priority, run_at, attempt, token, started_at)
       SELECT job, lane, priority, run_at, attempt, token, started_at FROM ${t("ready")} WHERE job = ${row("fresh")}`,
  ),
  damage(
    "G6",
    "finished jobs that still have a ticket",
    "a job has ended and goes on",
    (t, row) =>
      `INSERT INTO ${t("done")} (job, state, attempt, token, ended_by, finished_at, cancel_requested_at)
       SELECT job, 'cancelled', attempt, token, 'cancel', run_at, run_at FROM ${t("ready")} WHERE job = ${row("fresh")}`,
  ),
  damage("G3", "jobs whose lane or queue is gone", "a lane is gone", (t) => `DELETE FROM ${t("lane")}`),
  damage("G3", "jobs whose scope is gone", "a counter is gone", (t) => `DELETE FROM ${t("counter")}`),
  damage(
    "G8",
    "jobs counted by another organisation than their queue's",
    "a counter has changed hands",
    (t) => `UPDATE ${t("counter")} SET org = 'others'`,
  ),
  damage(
    "G5",
    "jobs that start or end before they were created",
    "a job started before it was created",
    (t) => `UPDATE ${t("running")} SET started_at = 5`,
  ),
  damage(
    "G5",
    "jobs that start or end before they were created",
    "a job ended before it was created",
    (t, row) =>
      `UPDATE ${t("done")} SET finished_at = 5, started_at = 5, attempt_started_at = 5 WHERE job = ${row("completed")}`,
  ),
  damage(
    "G5",
    "jobs that were claimed and never started, or started and were never claimed",
    "a job that nobody claimed has started",
    (t, row) => `UPDATE ${t("ready")} SET started_at = run_at WHERE job = ${row("fresh")}`,
  ),
  damage(
    "G2",
    "jobs with an attempt whose token is above what their ticket allows",
    "a token has gone back",
    (t, row) => `UPDATE ${t("ready")} SET token = 0, attempt = 0, started_at = NULL WHERE job = ${row("released")}`,
  ),
  damage(
    "G2",
    "jobs with an attempt whose token is above what their ticket allows",
    "the token that runs is on record as ended",
    (t, row) =>
      `INSERT INTO ${t("attempt")} (job, token, attempt, ending, worker, started_at, ended_at)
       SELECT job, token, attempt, 'lost', worker, started_at, started_at FROM ${t("running")} WHERE job = ${row("running")}`,
  ),
  damage(
    "G2",
    "jobs with a token whose attempt is not there",
    "an attempt is gone",
    (t, row) => `DELETE FROM ${t("attempt")} WHERE job = ${row("released")}`,
  ),
  damage(
    "G2",
    "jobs at another attempt than they have used up",
    "an attempt that failed was given back",
    (t, row) => `UPDATE ${t("scheduled")} SET attempt = 0 WHERE job = ${row("retrying")}`,
  ),
  damage(
    "G6",
    "jobs that ran out of attempts and still wait",
    "a job without attempts left waits",
    (t, row) => `UPDATE ${t("job")} SET max_attempts = 1 WHERE seq = ${row("retrying")}`,
  ),
  damage(
    "G6",
    "jobs at an attempt above those they have",
    "a job runs more often than it may",
    (t, row) =>
      `UPDATE ${t("job")} SET max_attempts = 1 WHERE seq = ${row("running")};
       UPDATE ${t("running")} SET attempt = 2, token = 2 WHERE job = ${row("running")}`,
  ),
  damage(
    "G6",
    "finished jobs whose outcome contradicts itself",
    "a lease that ran out has completed a job",
    (t, row) => `UPDATE ${t("done")} SET ended_by = 'lease' WHERE job = ${row("completed")}`,
  ),
  damage(
    "G7",
    "jobs of which a cancel was accepted, and that ended otherwise; or the other way round",
    "a completion has overwritten a cancel",
    (t, row) => `UPDATE ${t("done")} SET cancel_requested_at = finished_at WHERE job = ${row("completed")}`,
  ),
  damage(
    "G12",
    "jobs whose ticket lies in another lane than theirs",
    "a ticket is in another lane",
    (t, row) => `UPDATE ${t("ready")} SET lane = lane + 1 WHERE job = ${row("fresh")}`,
  ),
  damage(
    "G12",
    "jobs whose ticket has another priority than theirs",
    "a ticket has overtaken others",
    (t, row) => `UPDATE ${t("ready")} SET priority = 9 WHERE job = ${row("fresh")}`,
  ),
  damage(
    "G12",
    "jobs whose first ticket falls due at another time than theirs",
    "a ticket has come before its time",
    (t, row) => `UPDATE ${t("scheduled")} SET run_at = run_at - 1000 WHERE job = ${row("delayed")}`,
  ),
  damage(
    "G8",
    "finished jobs beside which secrets or traces still lie",
    "something still lies beside a finished job",
    (t, row) => `INSERT INTO ${t("companion")} (job, sealed) VALUES (${row("completed")}, 'secret')`,
  ),
  damage(
    "G1",
    "unfinished jobs whose key names another, so that it may be enqueued twice",
    "a key was forgotten",
    (t) => `DELETE FROM ${t("key")}`,
  ),
  damage("G3", "jobs that are not found by their tags", "a tag is gone", (t) => `DELETE FROM ${t("tag")}`),
  damage(
    "G12",
    "jobs that are due for over five minutes and still lie in scheduled",
    "what is due is not promoted",
    (t, row) =>
      `UPDATE ${t("scheduled")} SET run_at = run_at - ${HOUR_MS} WHERE job = ${row("retrying")}; ${IDLE_WORKER(t)}`,
  ),
  damage(
    "G9",
    "jobs whose lease ran out over five minutes ago and which still run",
    "nobody takes a lost lease back",
    (t) => `UPDATE ${t("running")} SET lease_until = lease_until - ${HOUR_MS}; ${IDLE_WORKER(t)}`,
  ),
  damage(
    "G7",
    "cancelled jobs whose grace is over for five minutes and which still run",
    "a cancel does not end",
    (t) =>
      `UPDATE ${t("running")} SET cancel_requested_at = started_at, cancel_until = lease_until - ${HOUR_MS}; ${IDLE_WORKER(t)}`,
  ),
  damage(
    "G4",
    "jobs whose transaction was committed without giving them their number",
    "a job was not numbered at its commit",
    (t, row) => `UPDATE ${t("job")} SET number = NULL, awaits_number = true WHERE seq = ${row("fresh")}`,
    "postgres",
  ),
  damage(
    "G8",
    "jobs that do not tell of what travels beside them, so that it would stay when they end",
    "a job keeps silent about a secret",
    (t, row) => `INSERT INTO ${t("companion")} (job, sealed) VALUES (${row("fresh")}, 'secret')`,
    "postgres",
  ),
  damage(
    "G3",
    "jobs whose secrets or traces are gone before their end",
    "a secret is gone",
    (t, row) => `UPDATE ${t("job")} SET has_companion = true WHERE seq = ${row("fresh")}`,
    "postgres",
  ),
  damage(
    "G3",
    "tickets, keys, tags, artifacts, late reports or companions of a job that is gone",
    "a job is gone and its ticket is not",
    (t, row) => `DELETE FROM ${t("job")} WHERE seq = ${row("fresh")}`,
  ),
  damage(
    "G3",
    "tickets, keys, tags, artifacts, late reports or companions of a job that is gone",
    "an artifact has no job",
    (t) =>
      `INSERT INTO ${t("artifact")} (job, name, size, sha256, content_type, created_at, place)
       VALUES (${NO_JOB}, 'a', 1, '${DIGEST}', 'text/plain', 5, 'place/1')`,
  ),
  damage(
    "G3",
    "artifacts whose bytes are to be deleted",
    "the bytes of an artifact are to be deleted",
    (t, row) =>
      `INSERT INTO ${t("artifact")} (job, name, size, sha256, content_type, created_at, place)
       VALUES (${row("completed")}, 'a', 1, '${DIGEST}', 'text/plain', 5, 'place/1');
       INSERT INTO ${t("place")} (place, is_reserved, free_at) VALUES ('place/1', 0 = 1, 0)`,
  ),
  damage(
    "G1",
    "keys that name a job with another key",
    "a key names another job",
    (t, row) => `UPDATE ${t("key")} SET job = ${row("fresh")}`,
  ),
  damage(
    "G3",
    "attempts of a job that is gone",
    "an attempt has no job",
    (t, row) => `UPDATE ${t("attempt")} SET job = ${NO_JOB} WHERE job = ${row("released")}`,
  ),
  damage(
    "G2",
    "attempts before which a token is missing",
    "a token was left out",
    (t, row) => `UPDATE ${t("attempt")} SET token = 2 WHERE job = ${row("released")}`,
  ),
  damage(
    "G2",
    "attempts that count on wrongly from the one before",
    "an attempt was counted twice",
    (t, row) => `UPDATE ${t("attempt")} SET attempt = 3 WHERE job = ${row("released")}`,
  ),
  damage(
    "G5",
    "attempts that start before their job was created, or end before they start",
    "an attempt is older than its job",
    (t) => `UPDATE ${t("attempt")} SET started_at = 5`,
  ),
  damage("G3", "log lines of a job that is gone", "a log has no job", (t) => `UPDATE ${t("log")} SET job = ${NO_JOB}`),
  damage(
    "G3",
    "log lines before which one is missing",
    "a log line is gone",
    (t) => `DELETE FROM ${t("log")} WHERE sequence = 2`,
  ),
  damage(
    "G4",
    "numbers before which one is missing",
    "a number is missing",
    (t, row) => `UPDATE ${t("job")} SET number = NULL WHERE seq = ${row("fresh")}`,
  ),
  damage(
    "G4",
    "scopes whose counter is behind their numbers",
    "a counter has fallen back",
    (t) => `UPDATE ${t("counter")} SET last = 2 WHERE scope <> 'later'`,
  ),
  damage(
    "G4",
    "scopes whose last numbers no job has",
    "a counter has run ahead",
    (t) => `UPDATE ${t("counter")} SET last = 100`,
  ),
  damage("G3", "lanes whose queue is gone", "a queue is gone", (t) => `DELETE FROM ${t("queue")}`),
  damage(
    "G12",
    "lanes that do not lie with their queue, where a claim looks for them",
    "a lane lies with another queue",
    (t) => `UPDATE ${t("lane")} SET id = id + 4294967296`,
  ),
];
