import type { JobId } from "../../core/job.ts";
import { isChosen, QueueTurns, serves } from "../../core/lane.ts";
import { resolveQueueSettings, type QueueOverrides, type QueueSettings } from "../../core/queue.ts";
import type { Claim, ClaimRequest, JobClaimRequest } from "../../core/store.ts";
import { textArray } from "./arrays.ts";
import type { Catalog, KnownLane, QueueRow } from "./catalog.ts";
import type { Database } from "./database.ts";
import { newQueuePlace, planDraws, type Head, type LaneHeads, type QueuePlace } from "./draw-plan.ts";
import { Floors, wholeLane } from "./floors.ts";
import { lanesWithWork, MOST_LANES, peek } from "./peek.ts";
import type { Session } from "./session.ts";
import type { HeldJob } from "./settle.ts";
import { freeSlots, NO_SLOT } from "./slots.ts";
import { byTurn, type StartedRow } from "./started-row.ts";
import { lookUpRow, type NamedSql } from "./statements.ts";
import { claimFrom, recallTickets, takeTicket, takeTickets } from "./take-tickets.ts";

const QUEUES: NamedSql = {
  name: "CLAIM_QUEUES",
  sql: `SELECT id, org, name, paused_at, settings FROM millrace.queue
        WHERE org = $1::text AND ($2::text::text[] IS NULL OR name = ANY ($2::text::text[]))`,
};

const READY: NamedSql = {
  name: "CLAIM_READY",
  sql: `SELECT y.job, y.lane FROM millrace.job j ${lookUpRow("ready", "y", "y.job = j.seq")} WHERE j.id = $1::text`,
};

/** Lanes of others are looked for at least so often; and whenever a claim got less than it asked for. */
const CATCH_UP_EVERY_MS = 100;
/** A claim of fewer is likely to get less than it asks for, so it looks along with the taking. */
const SMALL_CLAIM = 64;
/** A claim that others are always a step ahead of ends with what it has. */
const MOST_ROUNDS = 8;

/** Jobs that are lost are never settled; then all are forgotten, and settled the longer way. */
const MOST_HELD = 100_000;

interface OpenQueue {
  readonly id: number;
  readonly name: string;
  readonly settings: QueueSettings;
}

/** What is remembered of a worker between its claims. */
class ClaimMemory {
  readonly turns = new QueueTurns();
  readonly places = new Map<string, QueuePlace>();
  queues: readonly OpenQueue[] | undefined;
  caughtUpAt = Number.NEGATIVE_INFINITY;
  lastClaim = 0;
  /** The number of a claim that was sent and not answered, or not with all that it took. */
  unanswered: { readonly claim: number; readonly answered: ReadonlySet<JobId> } | undefined;

  placeIn(queue: string): QueuePlace {
    let place = this.places.get(queue);
    if (place === undefined) this.places.set(queue, (place = newQueuePlace()));
    return place;
  }
}

type Along = (session: Session) => Promise<void>;

/** What came of taking from the only lane there is. */
interface Taken {
  readonly lane: KnownLane;
  readonly rows: readonly StartedRow[];
  /** Read to its end, from its head, and nothing else is there. */
  readonly isAll: boolean;
}

/**
 * Claims of one process: who was served last is remembered here.
 *
 *   one queue, one lane ──► take from it
 *   otherwise ──► look at the heads of the lanes ──► choose, as `planDraws` does ──► take so many from each
 */
export class Claimer {
  readonly #database: Database;
  readonly #catalog: Catalog;
  readonly #floors: Floors;
  readonly #held: Map<JobId, HeldJob>;
  readonly #memories = new Map<string, ClaimMemory>();

  /** @param held filled with the jobs that are claimed, which whoever settles them takes out */
  constructor(database: Database, catalog: Catalog, held: Map<JobId, HeldJob>) {
    this.#database = database;
    this.#catalog = catalog;
    this.#held = held;
    this.#floors = new Floors(database.clock === undefined ? undefined : 0);
  }

  /**
   * As `Store.claim`, without the wait.
   * @param along what is written in the same transaction, right before; sent at once. When it fails, so does the claim.
   *   It is left out when another claim of the worker has to be answered first
   */
  async claim(request: ClaimRequest, along?: Along): Promise<readonly Claim[]> {
    const memory = this.#memory(request.worker);
    if (memory.unanswered !== undefined) {
      const recalled = await this.#recall(request, memory);
      if (recalled.length > 0) return recalled;
    }
    const claim = ++memory.lastClaim;
    const rows: StartedRow[] = [];
    try {
      // Where slots are counted, all has to be one transaction.
      const only = request.slots === undefined ? this.#onlyLane(request, memory) : undefined;
      const first = only === undefined ? undefined : await this.#takeFrom(only, request, memory, claim, along);
      if (first === undefined && along !== undefined) await this.#database.single(along);
      if (first !== undefined) rows.push(...first.rows);
      if (rows.length < request.max && first?.isAll !== true) {
        const more = await this.#fill(request, memory, claim, rows);
        if (more === undefined) return NO_SLOT;
        rows.push(...more);
        sortWithinLanes(rows);
      }
    } catch (error) {
      // What was sent may have been done. What is held already is answered; the rest can be asked for again.
      memory.unanswered = { claim, answered: new Set(rows.map(({ id }) => id)) };
      if (rows.length === 0) throw error;
    }
    return this.#answer(rows, request, memory, claim);
  }

  /** As `Store.claimJob`. */
  async claimJob(request: JobClaimRequest, id: JobId): Promise<Claim | null> {
    const all: ClaimRequest = { ...request, queues: { order: "turns" }, max: 1 };
    const memory = this.#memory(request.worker);
    const ready = await this.#database.single(async (session) => {
      await this.#look(session, all, memory);
      return session.get<{ job: number; lane: number }>(READY, id);
    });
    if (ready === undefined) return null;
    await this.#catalog.knowLanes([ready.lane]);
    const lane = this.#catalog.lane(ready.lane);
    const isOpen = memory.queues?.some((queue) => queue.id === lane?.queueId) === true;
    if (lane === undefined || !isOpen || !serves(lane, request.labels)) return null;
    const claim = ++memory.lastClaim;
    let isSent = false;
    const rows = await this.#database.single(async (session) => {
      // Once more after a failure: what the first time took is found under the number of the claim.
      const before = isSent ? await recallTickets(session, request, claim) : [];
      isSent = true;
      const taken = before.length > 0 ? before : await takeTicket(session, request, claim, ready.job);
      if (taken.length > 0) session.wake("events");
      return taken;
    });
    const [answer] = await this.#answer(rows, all, memory, claim);
    // More was looked at than the next claim may ask for.
    memory.queues = undefined;
    return answer ?? null;
  }

  forgetWorker(worker: string): void {
    this.#memories.delete(worker);
  }

  /** Take from the only lane there is, without looking first. */
  async #takeFrom(
    lane: KnownLane,
    request: ClaimRequest,
    memory: ClaimMemory,
    claim: number,
    along: Along | undefined,
  ): Promise<Taken> {
    const { ranges, isWhole } = this.#floors.rangesOf(lane.id);
    const draws = [{ lane: lane.id, count: request.max }];
    const hasLooked = request.max < SMALL_CLAIM || performance.now() - memory.caughtUpAt > CATCH_UP_EVERY_MS;
    let tries = 0;
    // Sent at once, so nothing here may wait before all has been sent.
    const work = async (session: Session): Promise<StartedRow[]> => {
      const isFirst = tries++ === 0;
      const [rows] = await Promise.all([
        isFirst ? takeTickets(session, request, claim, draws, ranges) : recallTickets(session, request, claim),
        hasLooked ? this.#look(session, request, memory) : undefined,
      ]);
      if (rows.length > 0) session.wake("events");
      return rows;
    };
    const startedAt = performance.now();
    const rows =
      along === undefined
        ? await this.#database.single(work)
        : await this.#database.flight(async (session) => (await Promise.all([along(session), work(session)]))[1]);
    const isFull = rows.length === request.max;
    this.#floors.learn(lane.id, rows, { isWhole, isFull, tookMs: performance.now() - startedAt });
    const isOnly = hasLooked && this.#onlyLane(request, memory)?.id === lane.id;
    return { lane, rows, isAll: isWhole && isOnly && tries === 1 };
  }

  /** Look at what there is, and take more until there is enough. `undefined` when no slot is free. */
  #fill(
    request: ClaimRequest,
    memory: ClaimMemory,
    claim: number,
    held: readonly StartedRow[],
  ): Promise<StartedRow[] | undefined> {
    const known = new Set(held.map(({ id }) => id));
    let isSent = false;
    const work = async (session: Session): Promise<StartedRow[] | undefined> => {
      const rows: StartedRow[] = [];
      const free = await freeSlots(session, request);
      // Once more after a failure: what the first time took is found under the number of the claim.
      if (isSent) rows.push(...(await recallTickets(session, request, claim)).filter(({ id }) => !known.has(id)));
      const most = Math.min(request.max, held.length + rows.length + free);
      if (most < 1) return undefined;
      for (let round = 0; held.length + rows.length < most && round < MOST_ROUNDS; round++) {
        await this.#look(session, request, memory);
        const draws = await this.#plan(session, { ...request, max: most - held.length - rows.length }, memory);
        if (draws.length === 0) break;
        isSent = true;
        const counts = Map.groupBy(draws, (lane) => lane);
        const list = [...counts].map(([lane, each]) => ({ lane, count: each.length }));
        const ranges = list.flatMap(({ lane }) => wholeLane(lane));
        rows.push(...inTurn(await takeTickets(session, request, claim, list, ranges), draws));
      }
      if (rows.length > 0) session.wake("events");
      return rows;
    };
    return request.slots === undefined ? this.#database.single(work) : this.#database.transaction(work);
  }

  async #recall(request: ClaimRequest, memory: ClaimMemory): Promise<readonly Claim[]> {
    const { claim, answered } = memory.unanswered ?? { claim: 0, answered: new Set() };
    const rows = await this.#database.single(async (session) => {
      await this.#look(session, request, memory);
      return recallTickets(session, request, claim);
    });
    memory.unanswered = undefined;
    return this.#answer(
      rows.filter(({ id }) => !answered.has(id)),
      request,
      memory,
      claim,
    );
  }

  /** Claims as they are answered; what the rows name by id only is looked up if it is not known. */
  async #answer(
    rows: readonly StartedRow[],
    request: ClaimRequest,
    memory: ClaimMemory,
    claim: number,
  ): Promise<readonly Claim[]> {
    try {
      await this.#catalog.nameScopes(rows.map(({ scope }) => scope));
      await this.#catalog.knowLanes(rows.map(({ lane }) => lane));
    } catch (error) {
      memory.unanswered = { claim, answered: new Set() };
      throw error;
    }
    if (this.#held.size > MOST_HELD) this.#held.clear();
    for (const { id, seq, rare } of rows) this.#held.set(id, { seq, hasCompanion: rare.hasCompanion });
    return rows.map((row) => this.#claimFrom(row, request, memory));
  }

  /** The lane to take from without looking: there is but one. */
  #onlyLane(request: ClaimRequest, { queues }: ClaimMemory): KnownLane | undefined {
    const [queue] = queues ?? [];
    if (queue === undefined || queues?.length !== 1) return undefined;
    const [lane, ...others] = this.#servedLanes(queue, request);
    return others.length === 0 ? lane : undefined;
  }

  #servedLanes(queue: OpenQueue, { labels }: ClaimRequest): readonly KnownLane[] {
    return this.#catalog.lanesOf(queue.id).filter((lane) => serves(lane, labels));
  }

  /** The queues that the worker serves and that are not paused, and the lanes that others made. */
  async #look(session: Session, request: ClaimRequest, memory: ClaimMemory): Promise<void> {
    const { org, queues: choice } = request;
    memory.caughtUpAt = performance.now();
    const [rows] = await Promise.all([
      session.all<QueueRow>(QUEUES, org, namesOf(choice)),
      this.#catalog.catchUp(session),
    ]);
    memory.queues = rows
      .filter((row) => row.paused_at === null && isChosen(choice, row.name))
      .map(({ id, name, settings }) => ({
        id,
        name,
        settings: resolveQueueSettings(JSON.parse(settings) as QueueOverrides),
      }));
  }

  /** Which lanes to take from, one by one. */
  async #plan(session: Session, request: ClaimRequest, memory: ClaimMemory): Promise<readonly number[]> {
    const served = new Map<string, readonly KnownLane[]>();
    for (const queue of memory.queues ?? []) {
      const lanes = this.#servedLanes(queue, request);
      const { lastLane } = memory.placeIn(queue.name);
      const few = lanes.length <= MOST_LANES ? lanes : await lanesWithWork(session, queue.id, lanes, lastLane);
      if (few.length > 0) served.set(queue.name, few);
    }
    if (served.size === 0) return [];
    const heads = await peek(session, [...served.values()].flat(), request.max);
    const seen = new Map(
      [...served].map(([name, lanes]) => [
        name,
        lanes.map((lane): LaneHeads => ({ ...lane, heads: heads.get(lane.id) ?? noHeads() })),
      ]),
    );
    return planDraws(request, memory.turns, seen, (queue) => memory.placeIn(queue));
  }

  #claimFrom(row: StartedRow, { worker }: ClaimRequest, { queues }: ClaimMemory): Claim {
    const lane = this.#catalog.lane(row.lane);
    if (lane === undefined) throw new Error(`the lane ${row.lane} has tickets but no row`);
    // A queue that was paused a moment after is not among the open ones; the job runs all the same.
    const settings = queues?.find(({ id }) => id === lane.queueId)?.settings ?? resolveQueueSettings({});
    return claimFrom(row, { lane, scope: this.#catalog.scopeName(row.scope), worker, settings });
  }

  #memory(worker: string): ClaimMemory {
    let memory = this.#memories.get(worker);
    if (memory === undefined) this.#memories.set(worker, (memory = new ClaimMemory()));
    return memory;
  }
}

function namesOf(choice: ClaimRequest["queues"]): string | null {
  if (choice.order === "turns") return null;
  return textArray(choice.order === "strict" ? choice.names : [...choice.weights.keys()]);
}

/** Tickets in the order in which their lanes had their turns. */
function inTurn(rows: readonly StartedRow[], draws: readonly number[]): StartedRow[] {
  const rowsByLane = Map.groupBy(rows, (row) => row.lane);
  for (const list of rowsByLane.values()) list.reverse();
  return draws.flatMap((lane) => rowsByLane.get(lane)?.pop() ?? []);
}

/** What came between two looks may come before what the first of them brought. Lanes keep their turns. */
function sortWithinLanes(rows: StartedRow[]): void {
  const turns = rows.map(({ lane }) => lane);
  rows.sort(byTurn);
  rows.splice(0, rows.length, ...inTurn(rows, turns));
}

const noHeads = (): Head[] => [];
