import type { EnqueueRequest } from "../../core/store.ts";
import type { Lane } from "../../core/lane.ts";
import { textArray, numberArray } from "./arrays.ts";
import type { Database } from "./database.ts";
import type { Session } from "./session.ts";
import { lookUp, type NamedSql } from "./statements.ts";

/** The id of a lane begins with that of its queue: queue × 2³² + a number given out once. */
const LANES_PER_QUEUE = 2 ** 32;

/** So many scopes are remembered; then all are forgotten, and asked for again as they come. */
const MOST_SCOPES = 100_000;

export interface KnownLane extends Lane {
  readonly org: string;
  readonly queueId: number;
}

/** A lane of the call was pruned since it was looked up; it is to be looked up again. */
export class LaneGoneError extends Error {
  override readonly name = "LaneGoneError";
}

export interface QueueRow {
  readonly id: number;
  readonly org: string;
  readonly name: string;
  readonly paused_at: number | null;
  readonly settings: string;
}

/** Where a request belongs. */
export interface Place {
  readonly queue: number;
  readonly lane: number;
  readonly scope: number;
}

const ADD_QUEUES: NamedSql = {
  name: "CATALOG_ADD_QUEUES",
  sql: `INSERT INTO millrace.queue (org, name) SELECT DISTINCT * FROM unnest($1::text::text[], $2::text::text[]) v
        ON CONFLICT (org, name) DO NOTHING`,
};
const FIND_QUEUES: NamedSql = {
  name: "CATALOG_FIND_QUEUES",
  sql: `SELECT q.id, q.org, q.name, q.paused_at, q.settings FROM unnest($1::text::text[], $2::text::text[]) AS v (org, name)
        JOIN millrace.queue q ON ${lookUp("q.org", "v.org")} AND q.name = v.name`,
};
const ADD_SCOPES: NamedSql = {
  name: "CATALOG_ADD_SCOPES",
  sql: `INSERT INTO millrace.counter (org, scope, last)
        SELECT DISTINCT v.org, v.scope, 0 FROM unnest($1::text::text[], $2::text::text[]) AS v (org, scope)
        ON CONFLICT (org, scope) DO NOTHING`,
};
const FIND_SCOPES: NamedSql = {
  name: "CATALOG_FIND_SCOPES",
  sql: `SELECT c.id, c.org, c.scope AS name FROM unnest($1::text::text[], $2::text::text[]) AS v (org, scope)
        JOIN millrace.counter c ON ${lookUp("c.org", "v.org")} AND c.scope = v.scope`,
};
const NAME_SCOPES: NamedSql = {
  name: "CATALOG_NAME_SCOPES",
  sql: `SELECT id, org, scope AS name FROM millrace.counter WHERE id = ANY ($1::text::bigint[])`,
};
const ADD_LANES: NamedSql = {
  name: "CATALOG_ADD_LANES",
  sql: `INSERT INTO millrace.lane (id, queue, requires, fair_key)
        SELECT v.queue * ${LANES_PER_QUEUE} + nextval('millrace.lane_number'), v.queue, v.requires, v.fair_key
        FROM (SELECT DISTINCT * FROM unnest($1::text::bigint[], $2::text::text[], $3::text::text[]) AS u (queue, requires, fair_key)) v
        ON CONFLICT (queue, fair_key, md5(requires)) DO NOTHING`,
};
const FIND_LANES: NamedSql = {
  name: "CATALOG_FIND_LANES",
  sql: `SELECT l.id, l.queue AS queue_id, q.org, q.name AS queue, l.requires, l.fair_key
        FROM unnest($1::text::bigint[], $2::text::text[], $3::text::text[]) AS v (queue, requires, fair_key)
        JOIN millrace.lane l ON ${lookUp("l.queue", "v.queue")} AND l.fair_key = v.fair_key AND md5(l.requires) = md5(v.requires)
        JOIN millrace.queue q ON ${lookUp("q.id", "l.queue")}`,
};

const LANES_BY_ID: NamedSql = {
  name: "CATALOG_LANES_BY_ID",
  sql: `SELECT l.id, l.queue AS queue_id, q.org, q.name AS queue, l.requires, l.fair_key
        FROM millrace.lane l JOIN millrace.queue q ON ${lookUp("q.id", "l.queue")} WHERE l.id = ANY ($1::text::bigint[])`,
};

interface LaneRow {
  readonly id: number;
  readonly queue_id: number;
  readonly org: string;
  readonly queue: string;
  readonly requires: string;
  readonly fair_key: string;
}

/**
 * Lanes of transactions that had not ended when somebody last looked ($1), and the oldest transaction that is open now:
 * what it makes is not seen yet. One row at least. Index: lane_by_maker.
 */
const NEW_LANES: NamedSql = {
  name: "CATALOG_NEW_LANES",
  sql: `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, n.*
        FROM (VALUES (1)) AS one (row) LEFT JOIN LATERAL (
          SELECT l.id, l.queue AS queue_id, q.org, q.name AS queue, l.requires, l.fair_key
          FROM millrace.lane l JOIN millrace.queue q ON ${lookUp("q.id", "l.queue")} WHERE l.made_by >= $1::text::xid8
        ) n ON true`,
};

/** Names hold no control characters, so no two places are written alike. */
function placeOf(...names: readonly (string | number)[]): string {
  return names.join("\n");
}

/**
 * Queues, lanes and scopes, which have names outside and numbers inside. Rows of these are made in transactions of
 * their own, so that a caller who is the first to use a name and then holds a transaction open holds up nobody else.
 * What was read stays true: only lanes are ever deleted, and who writes to one makes sure that it is there.
 */
export class Catalog {
  readonly #database: Database;
  readonly #queues = new Map<string, number>();
  readonly #scopes = new Map<string, number>();
  readonly #scopeNames = new Map<number, string>();
  readonly #laneIds = new Map<string, number>();
  readonly #lanes = new Map<number, KnownLane>();
  readonly #lanesOfQueue = new Map<number, Set<number>>();
  #horizon = "0";
  #breakCount = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Where each request belongs; what is not there yet is made. */
  async intern(requests: readonly EnqueueRequest[]): Promise<readonly Place[]> {
    const known = requests.map((request) => this.#placeOf(request));
    if (known.every((place) => place !== undefined)) return known;
    await this.#internQueuesAndScopes(requests);
    await this.#internLanes(requests);
    return requests.map((request) => {
      const place = this.#placeOf(request);
      // Between making it and reading it somebody may have pruned it.
      if (place === undefined) throw new LaneGoneError(`a lane of the queue ${request.queue} was pruned`);
      return place;
    });
  }

  /** The ids of scopes; those that are new are made. */
  async scopes(names: readonly (readonly [org: string, scope: string])[]): Promise<readonly number[]> {
    const ids = await this.#internScopes(names);
    return names.map(([org, scope]) => {
      const id = ids.get(placeOf(org, scope));
      if (id === undefined) throw new Error(`the scope ${scope} was written and cannot be read`);
      return id;
    });
  }

  /** Learn of these lanes, those that are not known yet. */
  async knowLanes(ids: readonly number[]): Promise<void> {
    const unknown = new Set(ids.filter((id) => !this.#lanes.has(id)));
    if (unknown.size === 0) return;
    const rows = await this.#database.single((session) => session.all<LaneRow>(LANES_BY_ID, numberArray([...unknown])));
    for (const row of rows) this.#learnLane(row);
  }

  /** Learn the names of these scopes, those that are not known yet. */
  async nameScopes(ids: readonly number[]): Promise<void> {
    const unknown = new Set(ids.filter((id) => !this.#scopeNames.has(id)));
    if (unknown.size === 0) return;
    if (this.#scopeNames.size > MOST_SCOPES) this.#scopeNames.clear();
    const rows = await this.#database.single((session) =>
      session.all<QueueRow>(NAME_SCOPES, numberArray([...new Set(ids)])),
    );
    for (const { id, name } of rows) this.#scopeNames.set(id, name);
  }

  scopeName(id: number): string {
    const name = this.#scopeNames.get(id);
    if (name === undefined) throw new Error(`the scope ${id} has jobs but no row`);
    return name;
  }

  lane(id: number): KnownLane | undefined {
    return this.#lanes.get(id);
  }

  lanesOf(queue: number): readonly KnownLane[] {
    return [...(this.#lanesOfQueue.get(queue) ?? [])].flatMap((id) => this.#lanes.get(id) ?? []);
  }

  /** Learn of lanes that others made since the last look. */
  async catchUp(session: Session): Promise<void> {
    // A server that has crashed may give out once more the ids of transactions which had not reached its disk.
    const { breakCount } = this.#database.connections;
    if (breakCount !== this.#breakCount) this.#horizon = "0";
    this.#breakCount = breakCount;
    const rows = await session.all<Partial<LaneRow> & { readonly horizon: string }>(NEW_LANES, this.#horizon);
    for (const row of rows) if (isLane(row)) this.#learnLane(row);
    this.#horizon = rows[0]?.horizon ?? "0";
  }

  /** These lanes were pruned. */
  forgetLanes(ids: Iterable<number>): void {
    for (const id of ids) {
      const lane = this.#lanes.get(id);
      if (lane === undefined) continue;
      this.#lanes.delete(id);
      this.#laneIds.delete(laneKey(lane.queueId, lane.fairKey, lane.requires));
      this.#lanesOfQueue.get(lane.queueId)?.delete(id);
    }
  }

  /** The data is another than it was: restored, or emptied by somebody. */
  forgetAll(): void {
    this.forgetLanes([...this.#lanes.keys()]);
    this.#horizon = "0";
    this.#queues.clear();
    this.#scopes.clear();
    this.#scopeNames.clear();
  }

  #placeOf({ org, queue, scope, requires, fairKey }: EnqueueRequest): Place | undefined {
    const queueId = this.#queues.get(placeOf(org, queue));
    const scopeId = this.#scopes.get(placeOf(org, scope ?? queue));
    if (queueId === undefined || scopeId === undefined) return undefined;
    const lane = this.#laneIds.get(laneKey(queueId, fairKey, requires));
    return lane === undefined ? undefined : { queue: queueId, lane, scope: scopeId };
  }

  async #internQueuesAndScopes(requests: readonly EnqueueRequest[]): Promise<void> {
    const queues = requests.map(({ org, queue }) => [org, queue] as const);
    const scopes = requests.map(({ org, queue, scope }) => [org, scope ?? queue] as const);
    await Promise.all([this.#internQueues(queues), this.#internScopes(scopes)]);
  }

  async #internQueues(names: readonly (readonly [org: string, name: string])[]): Promise<void> {
    const wanted = missingOf(this.#queues, names);
    if (wanted.length === 0) return;
    for (const { id, org, name } of await this.#findOrAdd<QueueRow>(FIND_QUEUES, ADD_QUEUES, wanted)) {
      this.#queues.set(placeOf(org, name), id);
    }
  }

  async #internScopes(names: readonly (readonly [org: string, name: string])[]): Promise<ReadonlyMap<string, number>> {
    if (this.#scopes.size > MOST_SCOPES) this.#scopes.clear();
    const wanted = missingOf(this.#scopes, names);
    if (wanted.length > 0) {
      for (const { id, org, name } of await this.#findOrAdd<QueueRow>(FIND_SCOPES, ADD_SCOPES, wanted)) {
        this.#scopes.set(placeOf(org, name), id);
      }
    }
    return this.#scopes;
  }

  async #findOrAdd<Row>(find: NamedSql, add: NamedSql, wanted: readonly (readonly [string, string])[]): Promise<Row[]> {
    const names = [textArray(wanted.map(([org]) => org)), textArray(wanted.map(([, name]) => name))] as const;
    const found = await this.#database.single((session) => session.all<Row>(find, ...names));
    if (found.length === wanted.length) return found;
    await this.#database.single((session) => session.run(add, ...names));
    return this.#database.single((session) => session.all<Row>(find, ...names));
  }

  async #internLanes(requests: readonly EnqueueRequest[]): Promise<void> {
    const wanted = new Map<string, readonly [queue: number, requires: string, fairKey: string]>();
    for (const { org, queue, requires, fairKey } of requests) {
      const queueId = this.#queues.get(placeOf(org, queue));
      if (queueId === undefined) continue;
      const lane = [queueId, labelsOf(requires), fairKey ?? ""] as const;
      const place = laneKey(queueId, fairKey, requires);
      if (!this.#laneIds.has(place)) wanted.set(place, lane);
    }
    if (wanted.size === 0) return;
    const lanes = [...wanted.values()];
    const columns = [
      numberArray(lanes.map(([queue]) => queue)),
      textArray(lanes.map(([, requires]) => requires)),
      textArray(lanes.map(([, , fairKey]) => fairKey)),
    ] as const;
    const find = (): Promise<LaneRow[]> =>
      this.#database.single((session) => session.all<LaneRow>(FIND_LANES, ...columns));
    let found = await find();
    if (found.length < lanes.length) {
      await this.#database.single((session) => session.run(ADD_LANES, ...columns));
      found = await find();
    }
    for (const row of found) this.#learnLane(row);
  }

  #learnLane({ id, queue_id: queueId, org, queue, requires, fair_key: fairKey }: LaneRow): void {
    if (this.#lanes.has(id)) return;
    const lane = {
      id,
      queueId,
      org,
      queue,
      requires: JSON.parse(requires) as string[],
      fairKey: fairKey === "" ? null : fairKey,
    };
    this.#lanes.set(id, lane);
    this.#laneIds.set(laneKey(queueId, lane.fairKey, lane.requires), id);
    const siblings = this.#lanesOfQueue.get(queueId);
    if (siblings === undefined) this.#lanesOfQueue.set(queueId, new Set([id]));
    else siblings.add(id);
  }
}

function isLane(row: Partial<LaneRow>): row is LaneRow {
  return row.id !== undefined && row.id !== null;
}

function laneKey(queue: number, fairKey: string | null, requires: readonly string[]): string {
  return placeOf(queue, fairKey ?? "", labelsOf(requires));
}

function labelsOf(requires: readonly string[]): string {
  return requires.length === 0 ? "[]" : JSON.stringify(requires);
}

/** Each name once that is not known yet. */
function missingOf(
  known: ReadonlyMap<string, number>,
  names: readonly (readonly [org: string, name: string])[],
): (readonly [org: string, name: string])[] {
  const missing = new Map<string, readonly [string, string]>();
  for (const [org, name] of names) {
    const place = placeOf(org, name);
    if (!known.has(place)) missing.set(place, [org, name]);
  }
  return [...missing.values()];
}
