import type { Artifact, KeepArtifactStatus, NewArtifact } from "../../core/artifact.ts";
import type { JobId } from "../../core/job.ts";
import type { LeaseRef } from "../../core/lease.ts";
import { artifactFrom, type ArtifactRow } from "../sql/server-rows.ts";
import { holdsLease } from "./lease.ts";
import type { NamedSql, Session } from "./session.ts";

/** What is discarded stays so, and what is reserved is prolonged. */
const RESERVE: NamedSql = {
  name: "ARTIFACT_RESERVE",
  sql: `INSERT INTO millrace_place (place, is_reserved, free_at) VALUES (?1, 1, ?2 + ?3)
        ON CONFLICT (place) DO UPDATE SET free_at = excluded.free_at WHERE is_reserved = 1 AND free_at > ?2`,
};
const DISCARD: NamedSql = {
  name: "ARTIFACT_DISCARD",
  sql: `UPDATE millrace_place SET is_reserved = 0, free_at = 0 WHERE place = ? AND is_reserved = 1`,
};
const JOB: NamedSql = {
  name: "ARTIFACT_JOB",
  sql: `SELECT j.seq, d.job IS NOT NULL AS has_ended FROM millrace_job j LEFT JOIN millrace_done d ON d.job = j.seq
        WHERE j.id = ?`,
};
const KEPT: NamedSql = {
  name: "ARTIFACT_KEPT",
  sql: `SELECT 1 FROM millrace_artifact WHERE job = ? AND name = ? AND place = ?`,
};
/** Guard: the place is reserved, and its time is not over. */
const USE_PLACE: NamedSql = {
  name: "ARTIFACT_USE_PLACE",
  sql: `DELETE FROM millrace_place WHERE place = ? AND is_reserved = 1 AND free_at > ?`,
};
/** A trigger discards the place of what it deletes. */
const REMOVE: NamedSql = {
  name: "ARTIFACT_REMOVE",
  sql: `DELETE FROM millrace_artifact WHERE job = ? AND name = ?`,
};
const ADD: NamedSql = {
  name: "ARTIFACT_ADD",
  sql: `INSERT INTO millrace_artifact (job, name, size, sha256, content_type, created_by, created_at, place)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
};
const OF_JOB: NamedSql = {
  name: "ARTIFACT_OF_JOB",
  sql: `SELECT j.id, a.* FROM millrace_job j CROSS JOIN millrace_artifact a ON a.job = j.seq
        WHERE j.id = ? ORDER BY a.name`,
};
const BY_NAME: NamedSql = {
  name: "ARTIFACT_BY_NAME",
  sql: `SELECT j.id, a.* FROM millrace_job j CROSS JOIN millrace_artifact a ON a.job = j.seq
        WHERE j.id = ? AND a.name = ?`,
};
const TAKE: NamedSql = {
  name: "ARTIFACT_TAKE_PLACES",
  sql: `UPDATE millrace_place SET is_reserved = 0, free_at = ?1 + ?3
        WHERE place IN (SELECT place FROM millrace_place WHERE free_at <= ?1 ORDER BY free_at LIMIT ?2)
        RETURNING place`,
};
const FORGET: NamedSql = {
  name: "ARTIFACT_FORGET",
  sql: `DELETE FROM millrace_place WHERE place = ? AND is_reserved = 0`,
};

export function reservePlace(session: Session, place: string, ms: number): void {
  session.run(RESERVE, place, session.now(), ms);
}

export function discardPlace(session: Session, place: string): void {
  session.run(DISCARD, place);
}

/** As `Store.keepArtifact`, inside a transaction. */
export function keepArtifact(session: Session, artifact: NewArtifact, under: LeaseRef | null): KeepArtifactStatus {
  const { name, size, sha256, contentType, createdBy, place } = artifact;
  const job = session.get<{ seq: number; has_ended: number }>(JOB, artifact.job);
  if (job === undefined) return "not_found";
  if (session.get(KEPT, job.seq, name, place) !== undefined) return "kept";
  if (under !== null && (under.job !== artifact.job || !holdsLease(session, under))) return "lost";
  if (under === null && job.has_ended === 1) return "finished";
  const now = session.now();
  if (session.run(USE_PLACE, place, now) === 0) return "expired";
  session.run(REMOVE, job.seq, name);
  session.run(ADD, job.seq, name, size, sha256, contentType, createdBy, now, place);
  return "kept";
}

export function readArtifacts(session: Session, job: JobId): readonly Artifact[] {
  return session.all<ArtifactRow>(OF_JOB, job).map(artifactFrom);
}

export function readArtifact(session: Session, job: JobId, name: string): Artifact | null {
  const row = session.get<ArtifactRow>(BY_NAME, job, name);
  return row === undefined ? null : artifactFrom(row);
}

/** As `Store.takeDiscardedPlaces`, inside a transaction. */
export function takeDiscardedPlaces(session: Session, limit: number, ms: number): readonly string[] {
  return session.all<{ place: string }>(TAKE, session.now(), limit, ms).map((row) => row.place);
}

export function forgetPlaces(session: Session, places: readonly string[]): void {
  for (const place of places) session.run(FORGET, place);
}
