import type { Artifact, KeepArtifactStatus, NewArtifact } from "../../core/artifact.ts";
import type { JobId } from "../../core/job.ts";
import type { LeaseRef } from "../../core/lease.ts";
import { artifactFrom, type ArtifactRow } from "../sql/server-rows.ts";
import { textArray } from "./arrays.ts";
import { holdsLease } from "./lease.ts";
import { presentAt, type Session } from "./session.ts";
import { lookUp, type NamedSql } from "./statements.ts";

/** What is discarded stays so, and what is reserved is prolonged. */
const RESERVE: NamedSql = {
  name: "ARTIFACT_RESERVE",
  sql: `INSERT INTO millrace.place AS p (place, is_reserved, free_at)
        SELECT $1::text, true, t.now + $2::text::bigint FROM (SELECT ${presentAt(3)} AS now) t
        ON CONFLICT (place) DO UPDATE SET free_at = excluded.free_at
        WHERE p.is_reserved AND p.free_at > excluded.free_at - $2::text::bigint`,
};
const DISCARD: NamedSql = {
  name: "ARTIFACT_DISCARD",
  sql: `UPDATE millrace.place SET is_reserved = false, free_at = 0 WHERE place = $1::text AND is_reserved`,
};

const JOB: NamedSql = { name: "ARTIFACT_JOB", sql: `SELECT seq FROM millrace.job WHERE id = $1::text` };
const KEPT: NamedSql = {
  name: "ARTIFACT_KEPT",
  sql: `SELECT 1 AS n FROM millrace.artifact WHERE job = $1::text::bigint AND name = $2::text AND place = $3::text`,
};
/**
 * Guard of what is sent without a lease: the ticket stays where it is until the commit, so the job does not end before.
 * Heartbeats go on meanwhile, and a claim passes over it.
 */
const HOLD_TICKET: NamedSql = {
  name: "ARTIFACT_HOLD_TICKET",
  sql: `WITH ${["ready", "scheduled", "blocked", "running"]
    .map((table) => `${table} AS (SELECT job FROM millrace.${table} WHERE job = $1::text::bigint FOR KEY SHARE)`)
    .join(", ")}
        SELECT job FROM ready UNION ALL SELECT job FROM scheduled UNION ALL SELECT job FROM blocked UNION ALL SELECT job FROM running`,
};
const ENDED: NamedSql = {
  name: "ARTIFACT_ENDED",
  sql: `SELECT job FROM millrace.done WHERE job = $1::text::bigint`,
};
/** Guard: the place is reserved, and its time is not over. */
const USE_PLACE: NamedSql = {
  name: "ARTIFACT_USE_PLACE",
  sql: `DELETE FROM millrace.place WHERE place = $1::text AND is_reserved AND free_at > (SELECT ${presentAt(2)})`,
};
/** A trigger discards the place of what it replaces. */
const ADD: NamedSql = {
  name: "ARTIFACT_ADD",
  sql: `INSERT INTO millrace.artifact (job, name, size, sha256, content_type, created_by, created_at, place)
        SELECT $1::text::bigint, $2::text, $3::text::bigint, $4::text, $5::text, $6::text, t.now, $7::text
        FROM (SELECT ${presentAt(8)} AS now) t
        ON CONFLICT (job, name) DO UPDATE SET size = excluded.size, sha256 = excluded.sha256,
          content_type = excluded.content_type, created_by = excluded.created_by, created_at = excluded.created_at,
          place = excluded.place`,
};

const OF_JOB: NamedSql = {
  name: "ARTIFACT_OF_JOB",
  sql: `SELECT j.id, a.* FROM millrace.job j JOIN millrace.artifact a ON ${lookUp("a.job", "j.seq")}
        WHERE j.id = $1::text ORDER BY a.name`,
};
const BY_NAME: NamedSql = {
  name: "ARTIFACT_BY_NAME",
  sql: `SELECT j.id, a.* FROM millrace.job j JOIN millrace.artifact a ON ${lookUp("a.job", "j.seq")}
        WHERE j.id = $1::text AND a.name = $2::text`,
};

/** Index: place_by_time. Those that somebody takes right now are passed over. */
const TAKE: NamedSql = {
  name: "ARTIFACT_TAKE_PLACES",
  sql: `WITH t AS MATERIALIZED (SELECT ${presentAt(1)} AS now),
    free AS MATERIALIZED (
      SELECT p.place FROM millrace.place p WHERE p.free_at <= (SELECT now FROM t)
      ORDER BY p.free_at LIMIT $2::text::bigint FOR UPDATE SKIP LOCKED
    )
    UPDATE millrace.place p SET is_reserved = false, free_at = t.now + $3::text::bigint FROM t
    WHERE p.place = ANY (ARRAY (SELECT place FROM free)) RETURNING p.place`,
};
const FORGET: NamedSql = {
  name: "ARTIFACT_FORGET",
  sql: `DELETE FROM millrace.place WHERE place = ANY ($1::text::text[]) AND NOT is_reserved`,
};

/** A ticket that moves on every time it is reached for is not met more often than this by chance. */
const MOST_TRIES = 20;

export async function reservePlace(session: Session, place: string, ms: number): Promise<void> {
  await session.run(RESERVE, place, ms, session.now());
}

export async function discardPlace(session: Session, place: string): Promise<void> {
  await session.run(DISCARD, place);
}

/** As `Store.keepArtifact`, inside a transaction. */
export async function keepArtifact(
  session: Session,
  artifact: NewArtifact,
  under: LeaseRef | null,
): Promise<KeepArtifactStatus> {
  const { name, size, sha256, contentType, createdBy, place } = artifact;
  const job = await session.get<{ seq: number }>(JOB, artifact.job);
  if (job === undefined) return "not_found";
  const refusal = await refusalOf(session, artifact, job.seq, under);
  if (refusal !== null) return (await session.get(KEPT, job.seq, name, place)) === undefined ? refusal : "kept";
  await session.run(ADD, job.seq, name, size, sha256, contentType, createdBy, place, session.now());
  return "kept";
}

/** Why nothing is kept; `null` when all holds for it until the commit, and the place is its own. */
async function refusalOf(
  session: Session,
  { job, place }: NewArtifact,
  seq: number,
  under: LeaseRef | null,
): Promise<"lost" | "finished" | "expired" | null> {
  if (under === null && !(await holdsTicket(session, seq))) return "finished";
  if (under !== null && (under.job !== job || !(await holdsLease(session, under)))) return "lost";
  return (await session.run(USE_PLACE, place, session.now())) === 0 ? "expired" : null;
}

/** False when the job has ended. Between two looks the ticket may have moved; then it is looked for again. */
async function holdsTicket(session: Session, seq: number): Promise<boolean> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    if ((await session.get(HOLD_TICKET, seq)) !== undefined) return true;
    if ((await session.get(ENDED, seq)) !== undefined) return false;
  }
  throw new Error(`the ticket of row ${seq} is not to be found`);
}

export async function readArtifacts(session: Session, job: JobId): Promise<readonly Artifact[]> {
  return (await session.all<ArtifactRow>(OF_JOB, job)).map(artifactFrom);
}

export async function readArtifact(session: Session, job: JobId, name: string): Promise<Artifact | null> {
  const row = await session.get<ArtifactRow>(BY_NAME, job, name);
  return row === undefined ? null : artifactFrom(row);
}

export async function takeDiscardedPlaces(session: Session, limit: number, ms: number): Promise<readonly string[]> {
  const rows = await session.all<{ place: string }>(TAKE, session.now(), limit, ms);
  return rows.map((row) => row.place);
}

export async function forgetPlaces(session: Session, places: readonly string[]): Promise<void> {
  if (places.length > 0) await session.run(FORGET, textArray(places));
}
