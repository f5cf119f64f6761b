import { randomBytes } from "node:crypto";
import { CallOrder } from "../../core/call-order.ts";
import { isMillraceError, ShutdownError } from "../../core/errors.ts";
import type {
  Claim,
  ClaimRequest,
  EnqueueRequest,
  EnqueueResult,
  SettleStatus,
  Store,
  UpkeepResult,
} from "../../core/store.ts";
import type { Job, JobId } from "../../core/job.ts";
import type { Settlement } from "../../core/settlement.ts";
import { auditData } from "./audit.ts";
import { cancelJobs } from "./cancel.ts";
import { Catalog } from "./catalog.ts";
import { Changes } from "./changes.ts";
import { Claimer } from "./claim.ts";
import { BULK_LIMIT_MS, STATEMENT_LIMIT_MS, type Connections } from "./connections.ts";
import { Database, SURVEY_LIMIT_MS } from "./database.ts";
import { diagnose } from "./diagnose.ts";
import { areNew, chunksOf, enqueueJobs, writeJobs, type PlacedRequest } from "./enqueue.ts";
import { readEvents } from "./events.ts";
import { readLog, readSituation } from "./explain.ts";
import { isSentBefore } from "./errors.ts";
import { answerAll, Gather } from "./gather.ts";
import { keepReports, prolongLeases, readCancelRequests } from "./lease.ts";
import { countJobs, listJobs } from "./list.ts";
import { adoptNumbers, takeNumbers } from "./numbers.ts";
import { pacemaker } from "./pacemaker.ts";
import { ParkedClaims } from "./parked-claims.ts";
import { pruneFinished } from "./prune.ts";
import { configureQueue, readQueues } from "./queues.ts";
import { endedAmong, readAttempts, readJobByNumber, readJobs } from "./read.ts";
import { migrate } from "./schema.ts";
import { fireDue, nextFiring, putSchedule, readSchedules, removeSchedule } from "./schedules.ts";
import type { Session } from "./session.ts";
import { serverStore } from "./server-store.ts";
import { areCompletions, completeJobs, settleAttempts, type HeldJob } from "./settle.ts";
import { SparingLooks } from "./sparing-looks.ts";
import type { Statements } from "./statements.ts";
import { transactionStore } from "./transaction-store.ts";
import { openExport, openImport } from "./transfer.ts";
import { nextDue, nextOverdue, promoteDue, rescueOverdue } from "./upkeep.ts";
import { withPlaces } from "./with-places.ts";
import { readWorkers, registerWorker, removeWorker } from "./workers.ts";

/** Calls joined into one statement at most. */
const MOST_JOINED = 2_000;
/** From so many on a call is bulk work, with a longer bound. */
const BULK = 1_000;
/** With more jobs than this a claim would keep those waiting who only want to hear that theirs are written. */
const MOST_SERVED = 50;
/** What is written while it is looked for is there the next time. */
const MOST_LOOKS = 5;

interface NumberRequest {
  readonly org: string;
  readonly scope: string;
  readonly count: number;
}

export function createPostgresStore(
  connections: Connections,
  statements: Statements,
  clock: (() => number) | undefined,
): Store {
  const changes = new Changes(connections, statements.schema, randomBytes(6).toString("hex"), () => parked.serve());
  const database = new Database(connections, statements, clock, (brought) => {
    if (brought.has("ready")) parked.serve();
    changes.committed(brought);
  });
  const catalog = new Catalog(database);
  /** Jobs that were claimed here. */
  const held = new Map<JobId, HeldJob>();
  const claimer = new Claimer(database, catalog, held);
  const parked = new ParkedClaims(claimWithCompletions);
  const underWay = new Set<Promise<unknown>>();
  const order = new CallOrder(globalThis);
  /** Workers that this store has registered; they live in this process. */
  const workers = new Set<string>();
  /** Where the walks of prune broke off, by lane. */
  const walked = new Map<number, number>();
  const looks = new SparingLooks(clock === undefined ? undefined : 0);
  let isClosed = false;

  /** Every call goes through here: none begins after the end, and the end waits for those that have begun. */
  async function call<T>(work: () => Promise<T>): Promise<T> {
    if (isClosed) throw new ShutdownError("the store is closed");
    const working = order.make(work);
    underWay.add(working);
    try {
      return await working;
    } finally {
      underWay.delete(working);
    }
  }
  const single = <T>(work: (session: Session) => Promise<T>): Promise<T> => call(() => database.single(work));
  const transaction = <T>(work: (session: Session) => Promise<T>, limitMs = STATEMENT_LIMIT_MS): Promise<T> =>
    call(() => database.transaction(work, { limitMs }));
  const survey = <T>(work: (session: Session) => Promise<T>, limitMs?: number): Promise<T> =>
    call(() => database.survey(work, limitMs));

  /** Upkeep looks before it moves anything: most of the time nothing is due. */
  function whenDue(
    next: (session: Session) => Promise<number | null>,
    work: (session: Session) => Promise<UpkeepResult>,
  ): Promise<UpkeepResult> {
    return looks.take(
      next,
      () => single(next),
      () => transaction(work, BULK_LIMIT_MS),
    );
  }

  const placed = <T>(
    requests: readonly EnqueueRequest[],
    work: (placed: readonly PlacedRequest[]) => Promise<T>,
  ): Promise<T> => withPlaces(catalog, connections.place, requests, work);
  const limitOf = (items: readonly unknown[]): number => (items.length >= BULK ? BULK_LIMIT_MS : STATEMENT_LIMIT_MS);
  const carefully: Store["enqueue"] = (requests, terms) =>
    placed(requests, (list) =>
      untilFound(() =>
        database.transaction((session) => enqueueJobs(session, list, terms), { limitMs: limitOf(requests) }),
      ),
    );
  async function writeAll(list: readonly PlacedRequest[], limitMs: number): Promise<readonly Job[]> {
    const chunks = chunksOf(list);
    if (chunks.length === 1) return database.single((session) => writeJobs(session, list), { limitMs });
    const work = (session: Session): Promise<Job[][]> => Promise.all(chunks.map((each) => writeJobs(session, each)));
    return (await database.flight(work, limitMs)).flat();
  }

  /** A claim that waits here goes along with the first jobs that may serve it: one commit from enqueue to start. */
  async function writeAndServe(list: readonly PlacedRequest[], limitMs: number): Promise<readonly Job[]> {
    const lent = list.length <= MOST_SERVED ? parked.lend() : undefined;
    if (lent === undefined) return writeAll(list, limitMs);
    let jobs: readonly Job[] | undefined;
    try {
      const claims = await claimer.claim(lent.request, async (session) => {
        jobs = await writeJobs(session, list);
      });
      lent.giveBack(claims);
    } catch (error) {
      lent.lose();
      throw error;
    }
    return jobs ?? writeAll(list, limitMs);
  }

  const enqueues = new Gather<EnqueueRequest, EnqueueResult>({
    most: MOST_JOINED,
    send: async (requests) => {
      const jobs = await placed(requests, (list) => writeAndServe(list, limitOf(requests)));
      return jobs.map((job) => ({ status: "created", job }));
    },
    // A second one waits for the counter until the first is committed; few items might as well go with the next.
    worthSecond: 500,
    alone: (requests) => carefully(requests),
    isCurable: isSentBefore,
    isShared: isOutage,
  });
  const completions = new Gather<Settlement, SettleStatus>({
    most: MOST_JOINED,
    send: async (settlements) =>
      statusesOf(settlements, await database.single((session) => completeJobs(session, settlements, held))),
    alone: (settlements) => database.transaction((session) => settleAttempts(session, settlements)),
    isCurable: () => false,
    isShared: isOutage,
  });

  const numbers = new Gather<NumberRequest, number>({
    most: MOST_JOINED,
    send: sendNumbers,
    alone: sendNumbers,
    isCurable: () => false,
    isShared: isOutage,
  });
  /** Numbers that were taken and lost on the way would be gaps, so they are not asked for again. */
  async function sendNumbers(requests: readonly NumberRequest[]): Promise<readonly number[]> {
    const ids = await catalog.scopes(requests.map(({ org, scope }) => [org, scope]));
    const taken = requests.map(({ count }, i) => ({ scope: ids[i] ?? 0, count }));
    return database.transaction((session) => takeNumbers(session, taken), { isRepeatable: false });
  }

  /** What became of completions: where not all were carried out, some came too late, or for a second time. */
  async function statusesOf(settlements: readonly Settlement[], isAll: boolean): Promise<readonly SettleStatus[]> {
    if (isAll) return settlements.map(() => "settled");
    return database.transaction((session) => settleAttempts(session, settlements));
  }

  /** Completions that wait to be sent go along with the claim: one way to the server, one commit for both. */
  async function claimWithCompletions(request: ClaimRequest): Promise<readonly Claim[]> {
    const calls = request.slots === undefined ? completions.takeWaiting() : [];
    if (calls.length === 0) return claimer.claim(request);
    const settlements = calls.flatMap(({ items }) => items);
    let isAll = false;
    const claiming = claimer.claim(request, async (session) => {
      isAll = await completeJobs(session, settlements, held);
    });
    claiming
      .then(() => statusesOf(settlements, isAll))
      .then((statuses) => answerAll(calls, statuses))
      .catch((error: unknown) => completions.retry(calls, error));
    return claiming;
  }

  return {
    capabilities: { isSynchronous: false, isShared: true, isNumberedAtCommit: true, isWaitForAll: false },

    enqueue: async (requests, terms) => {
      if (requests.length === 0) return [];
      return call(() => (areNew(requests, terms) ? enqueues.add(requests) : carefully(requests, terms)));
    },
    ended: (ids) => single((session) => endedAmong(session, ids)),
    get: (ids) => single((session) => readJobs(session, ids)),
    findByNumber: (org, scope, number) => single((session) => readJobByNumber(session, org, scope, number)),
    list: (filter, page) => survey((session) => listJobs(session, filter, page)),
    counts: (filter) => survey((session) => countJobs(session, filter)),
    attempts: (id) => single((session) => readAttempts(session, id)),
    cancel: (requests) => transaction((session) => cancelJobs(session, requests)),
    logs: (id, { after, limit }) => single((session) => readLog(session, id, after, limit)),
    explain: (id) => survey((session) => readSituation(session, id)),
    within: (tx) => transactionStore(tx, { statements, catalog, clock, place: connections.place }),

    registerWorker: async (worker) => {
      const status = await single((session) => registerWorker(session, worker));
      const config = connections.plainConfig;
      if (status === "taken") return status;
      workers.add(worker.id);
      if (config !== undefined) {
        pacemaker.add({ id: worker.id, leaseMs: worker.leaseMs, place: { config, schema: statements.schema } });
      }
      return status;
    },
    removeWorker: (id) => {
      claimer.forgetWorker(id);
      workers.delete(id);
      pacemaker.remove(id);
      return transaction((session) => removeWorker(session, id));
    },
    workers: (org) => single((session) => readWorkers(session, org)),
    claim: (request, wait) =>
      call(() => (wait === undefined ? claimWithCompletions(request) : parked.park(request, wait))),
    claimJob: (request, job) => call(() => claimer.claimJob(request, job)),
    heartbeat: (worker, leases, leaseMs) => prolongLeases(single, worker, leases, leaseMs),
    cancelRequests: (worker) => single((session) => readCancelRequests(session, worker)),
    report: (reports) => transaction((session) => keepReports(session, reports)),
    settle: async (settlements) => {
      if (settlements.length === 0) return [];
      const statuses = areCompletions(settlements, held)
        ? await call(() => completions.add(settlements))
        : await transaction((session) => settleAttempts(session, settlements));
      for (const { job } of settlements) held.delete(job);
      return statuses;
    },

    promote: (limit) => whenDue(nextDue, (session) => promoteDue(session, limit)),
    rescue: (limit) => whenDue(nextOverdue, (session) => rescueOverdue(session, limit)),
    prune: async (limit) => {
      const { result, prunedLanes } = await transaction(
        (session) => pruneFinished(session, limit, walked),
        BULK_LIMIT_MS,
      );
      catalog.forgetLanes(prunedLanes);
      return result;
    },
    fireSchedules: (fire) =>
      whenDue(nextFiring, (session) =>
        fireDue(session, fire, async (requests) => {
          await placed(requests, (list) => enqueueJobs(session, list));
        }),
      ),
    audit: (options) => auditData((work) => call(() => database.snapshot(work)), options),
    diagnose: () => survey(diagnose, SURVEY_LIMIT_MS),

    configureQueue: async (org, name, change) => {
      await transaction((session) => configureQueue(session, org, name, change));
      const queue = (await survey((session) => readQueues(session, org))).find((each) => each.name === name);
      if (queue === undefined) throw new Error(`the queue ${name} was written and cannot be read`);
      return queue;
    },
    queues: (org) => survey((session) => readQueues(session, org)),
    putSchedule: (schedule) => single((session) => putSchedule(session, schedule)),
    removeSchedule: (org, name) => single((session) => removeSchedule(session, org, name)),
    schedules: (org) => single((session) => readSchedules(session, org)),

    number: (org, scope, count) =>
      call(async () => {
        const [first] = await numbers.add([{ org, scope, count }]);
        if (first === undefined) throw new Error(`no number was taken of ${scope}`);
        return first;
      }),
    adoptNumbers: (org, scope, highest) =>
      call(async () => {
        const [id = 0] = await catalog.scopes([[org, scope]]);
        return database.transaction((session) => adoptNumbers(session, id, highest));
      }),

    ...serverStore({
      single,
      once: (work) => call(() => database.single(work, { isRepeatable: false })),
      transaction,
      held,
    }),

    onChange: (listener) => changes.listen(listener),
    events: (org, after, limit) => {
      const page = single((session) => readEvents(session, org, after, limit));
      // Where events stand now: what is called behind this happens behind it.
      if (after === null) order.putFirst(page);
      return page;
    },

    openExport: (lostAt) => call(() => openExport(database, lostAt)),
    openImport: () => call(() => openImport(database)),

    migrate: () => call(async () => (await migrate(connections, statements, clock)).map((step) => step.name)),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      parked.close();
      for (const worker of workers) pacemaker.remove(worker);
      await Promise.allSettled(underWay);
      changes.close();
      await connections.close();
    },
  };
}

/** When somebody sends the same ids at the same moment, one of the two finds them only when it looks again. */
async function untilFound<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!isSentBefore(error) || tries === MOST_LOOKS) throw error;
    }
  }
}

function isOutage(error: unknown): boolean {
  return isMillraceError(error) && error.retryable;
}
