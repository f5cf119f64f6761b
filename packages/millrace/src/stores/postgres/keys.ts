import type { JobId } from "../../core/job.ts";
import type { EnqueueRequest } from "../../core/store.ts";
import { textArray } from "./arrays.ts";
import type { Session } from "./session.ts";
import { lookUp, lookUpRow, type NamedSql } from "./statements.ts";

/**
 * Hold the rows of keys until the commit, new ones with no job yet, in one order so that two calls cannot wait for each
 * other. Who comes with the same key meanwhile waits here, and then sees what became of it.
 */
const HOLD: NamedSql = {
  name: "KEY_HOLD",
  sql: `INSERT INTO millrace.key (org, kind, key, job)
        SELECT v.org, v.kind, v.key, 0 FROM unnest($1::text::text[], $2::text::text[], $3::text::text[]) AS v (org, kind, key)
        ORDER BY v.org, v.kind, v.key
        ON CONFLICT (org, kind, key) DO UPDATE SET job = millrace.key.job`,
};
/** The newest job of each key, unless it has ended; a statement after the one that holds the rows, so that it sees the last. */
const LIVE: NamedSql = {
  name: "KEY_LIVE",
  sql: `SELECT k.org, k.kind, k.key, j.id, j.payload
        FROM unnest($1::text::text[], $2::text::text[], $3::text::text[]) AS v (org, kind, key)
        JOIN millrace.key k ON ${lookUp("k.org", "v.org")} AND k.kind = v.kind AND k.key = v.key
        JOIN millrace.job j ON ${lookUp("j.seq", "k.job")}
        LEFT ${lookUpRow("done", "d", "d.job = k.job")} WHERE d.job IS NULL`,
};

/** Point the held rows at the jobs that were written. */
const KEEP: NamedSql = {
  name: "KEY_KEEP",
  sql: `UPDATE millrace.key k SET job = j.seq
        FROM unnest($1::text::text[], $2::text::text[], $3::text::text[], $4::text::text[]) AS v (org, kind, key, id)
        JOIN millrace.job j ON ${lookUp("j.id", "v.id")}
        WHERE ${lookUp("k.org", "v.org")} AND k.kind = v.kind AND k.key = v.key`,
};

/** A job that stands for a request. */
export interface StandIn {
  readonly id: JobId;
  readonly status: "existing" | "duplicate";
}

interface LiveJob {
  readonly id: JobId;
  readonly payload: string;
}

/** For each request the job that stands for it already: its own, sent before, or the live one with its key. */
export async function standInsFor(
  session: Session,
  requests: readonly EnqueueRequest[],
  sentBefore: Set<JobId>,
): Promise<readonly (StandIn | undefined)[]> {
  const live = await liveJobs(
    session,
    requests.filter(({ id, key }) => key !== null && !sentBefore.has(id)),
  );
  return requests.map((request): StandIn | undefined => {
    if (sentBefore.has(request.id)) return { id: request.id, status: "existing" };
    sentBefore.add(request.id);
    if (request.key === null) return undefined;
    const place = placeOf(request);
    const standing = live.get(place);
    if (standing !== undefined) {
      return { id: standing.id, status: standing.payload === request.payload ? "existing" : "duplicate" };
    }
    live.set(place, request);
    return undefined;
  });
}

async function liveJobs(session: Session, requests: readonly EnqueueRequest[]): Promise<Map<string, LiveJob>> {
  const byPlace = new Map(requests.map((request) => [placeOf(request), request]));
  if (byPlace.size === 0) return new Map();
  const columns = columnsOf([...byPlace.values()]);
  await session.run(HOLD, ...columns);
  const rows = await session.all<LiveJob & { readonly org: string; readonly kind: string; readonly key: string }>(
    LIVE,
    ...columns,
  );
  return new Map(rows.map((row) => [placeOf(row), row]));
}

/** Let the keys of these requests, which have been written, stand for them. */
export async function keepKeys(session: Session, requests: readonly EnqueueRequest[]): Promise<void> {
  const keyed = requests.filter(({ key }) => key !== null);
  if (keyed.length === 0) return;
  await session.run(KEEP, ...columnsOf(keyed), textArray(keyed.map(({ id }) => id)));
}

function columnsOf(requests: readonly EnqueueRequest[]): readonly [orgs: string, kinds: string, keys: string] {
  return [
    textArray(requests.map(({ org }) => org)),
    textArray(requests.map(({ kind }) => kind)),
    textArray(requests.map(({ key }) => key)),
  ];
}

function placeOf({
  org,
  kind,
  key,
}: {
  readonly org: string;
  readonly kind: string;
  readonly key: string | null;
}): string {
  return JSON.stringify([org, kind, key]);
}
