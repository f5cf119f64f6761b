import type { Database } from "better-sqlite3";
import { ShutdownError } from "../../core/errors.ts";
import type { Store, TransactionStore, UpkeepResult } from "../../core/store.ts";
import { addApiKey, areApiKeysGood, openApiKeys, readApiKeys, revokeApiKey } from "./api-keys.ts";
import {
  discardPlace,
  forgetPlaces,
  keepArtifact,
  readArtifact,
  readArtifacts,
  reservePlace,
  takeDiscardedPlaces,
} from "./artifacts.ts";
import { auditData } from "./audit.ts";
import { cancelJobs } from "./cancel.ts";
import { Changes } from "./changes.ts";
import { Claimer, freeSlots } from "./claim.ts";
import { readCompanions } from "./companions.ts";
import { fileOf, migrate, openDatabase, requireCurrentSchema, requireTransaction } from "./database.ts";
import { diagnose } from "./diagnose.ts";
import { enqueueJobs } from "./enqueue.ts";
import { translate, translateWithin } from "./errors.ts";
import { readEvents, writeJournal } from "./events.ts";
import { readLog, readSituation } from "./explain.ts";
import { GroupCommit, type NextTurn } from "./group-commit.ts";
import { keepLateReport, readLateReports } from "./late-reports.ts";
import { keepReports, prolongLeases, readCancelRequests } from "./lease.ts";
import { countJobs, listJobs } from "./list.ts";
import { adoptNumbers, takeNumbers } from "./numbers.ts";
import { pacemaker } from "./pacemaker.ts";
import { ParkedClaims } from "./parked-claims.ts";
import { pruneFinished } from "./prune.ts";
import { configureQueue, readQueues } from "./queues.ts";
import { endedAmong, readAttempts, readJobByNumber, readJobs } from "./read.ts";
import { fireDue, nextFiring, putSchedule, readSchedules, removeSchedule } from "./schedules.ts";
import { Session, type EditSql } from "./session.ts";
import { settleAttempts } from "./settle.ts";
import { openExport, openImport } from "./transfer.ts";
import { nextDue, nextOverdue, promoteDue, rescueOverdue, timeUntil } from "./upkeep.ts";
import { addWebhook, advanceWebhook, readWebhooks, removeWebhook } from "./webhooks.ts";
import { readWorkers, registerWorker, removeWorker } from "./workers.ts";

export interface SqliteOptions {
  /** A path, or `:memory:`. */
  readonly file: string;
  /** Create the schema or bring it up to date. @default true */
  readonly migrate?: boolean;
  /** The store's clock, milliseconds since the epoch. For tests; production leaves it out. */
  readonly now?: () => number;
  /** For tests that break a rule on purpose. */
  readonly edit?: EditSql;
}

/**
 * Open a store on SQLite.
 * @throws StoreError when the file cannot be used, or its schema is of another time
 */
export async function openSqlite(options: SqliteOptions): Promise<Store> {
  const { file, now = Date.now, edit } = options;
  const db = await openDatabase(file);
  try {
    if (options.migrate === false) requireCurrentSchema(db);
    else await migrate(db, now);
  } catch (error) {
    db.close();
    throw error;
  }
  return createSqliteStore(new Session(db, now, edit), { nextTurn: setImmediate, close: () => db.close() });
}

/** What a store on a connection leaves to whoever opened it. */
interface StoreHost {
  /** When calls are committed; all that were asked for until then are one transaction. */
  readonly nextTurn: NextTurn;
  /** Ends the connection. */
  readonly close: () => void;
}

/** A store on a connection whose schema is current. */
export function createSqliteStore(session: Session, { nextTurn, close }: StoreHost): Store {
  const { db, now, edit } = session;
  const file = fileOf(db);
  const isShared = file !== "";
  const changes = new Changes(session, isShared);
  const claimer = new Claimer();
  const parked = new ParkedClaims(claimer);
  const commits = new GroupCommit(
    session,
    nextTurn,
    () => parked.serve(session),
    (brought) => changes.tell(brought, true),
  );
  /** Workers that this store has registered; they live in this process. */
  const workers = new Set<string>();
  let isClosed = false;

  /** Reads need no transaction of ours: each is one statement, or may see a commit between two. */
  async function read<T>(work: () => T): Promise<T> {
    if (isClosed) throw new ShutdownError("the store is closed");
    try {
      return work();
    } catch (error) {
      throw translate(error, db.name);
    }
  }
  /** Upkeep looks before it takes the write lock: most of the time nothing is due. */
  async function whenDue(nextAt: () => number | null, work: () => UpkeepResult): Promise<UpkeepResult> {
    const nextInMs = timeUntil(await read(nextAt), now());
    return nextInMs === null || nextInMs > 0 ? { count: 0, nextInMs } : commits.run(work);
  }

  return {
    capabilities: { isSynchronous: true, isShared, isNumberedAtCommit: false, isWaitForAll: false },

    enqueue: (requests, terms) => commits.run(() => enqueueJobs(session, requests, terms)),
    ended: (ids) => read(() => endedAmong(session, ids)),
    get: (ids) => read(() => readJobs(session, ids)),
    findByNumber: (org, scope, number) => read(() => readJobByNumber(session, org, scope, number)),
    list: (filter, page) => read(() => listJobs(session, filter, page)),
    counts: (filter) => read(() => countJobs(session, filter)),
    attempts: (id) => read(() => readAttempts(session, id)),
    cancel: (requests) => commits.run(() => cancelJobs(session, requests)),
    logs: (id, { after, limit }) => read(() => readLog(session, id, after, limit)),
    explain: (id) => read(() => readSituation(session, id)),
    within: (tx) =>
      transactionStore(requireTransaction(tx, file), now, (brought) => {
        // A synchronous transaction has ended by then; one that lasts longer is noticed as a foreign commit.
        nextTurn(() => changes.tell(brought, false));
      }),

    registerWorker: async (worker) => {
      const status = await commits.run(() => registerWorker(session, worker));
      if (status === "taken") return status;
      workers.add(worker.id);
      if (isShared) pacemaker.add({ id: worker.id, leaseMs: worker.leaseMs, place: { file } });
      return status;
    },
    removeWorker: (id) => {
      claimer.forgetWorker(id);
      workers.delete(id);
      pacemaker.remove(id);
      return commits.run(() => removeWorker(session, id));
    },
    workers: (org) => read(() => readWorkers(session, org)),
    claim: async (request, wait) => {
      const hasWork = await read(() => claimer.hasWork(session, request));
      const claims = hasWork ? await commits.run(() => claimer.claim(session, request)) : [];
      if (claims.length > 0 || wait === undefined) return claims;
      // Without a slot it would not wait for tickets: they may be there.
      if ((await read(() => freeSlots(session, request))) < 1) return [];
      // Nothing is committed between the look and the parking: no turn of the event loop lies between them.
      return parked.park(request, wait);
    },
    claimJob: (request, job) => commits.run(() => claimer.claimJob(session, request, job)),
    heartbeat: (worker, leases, leaseMs) => commits.run(() => prolongLeases(session, worker, leases, leaseMs)),
    cancelRequests: (worker) => read(() => readCancelRequests(session, worker)),
    report: (reports) => commits.run(() => keepReports(session, reports)),
    settle: (settlements) => commits.run(() => settleAttempts(session, settlements)),

    promote: (limit) =>
      whenDue(
        () => nextDue(session),
        () => promoteDue(session, limit),
      ),
    rescue: (limit) =>
      whenDue(
        () => nextOverdue(session),
        () => rescueOverdue(session, limit),
      ),
    prune: (limit) => commits.run(() => pruneFinished(session, limit)),
    fireSchedules: (fire) =>
      whenDue(
        () => nextFiring(session),
        () => fireDue(session, fire),
      ),
    audit: (options) => auditData(session, read, options),
    diagnose: () => read(() => diagnose(session)),

    configureQueue: (org, name, change) => commits.run(() => configureQueue(session, org, name, change)),
    queues: (org) => read(() => readQueues(session, org)),
    putSchedule: (schedule) => commits.run(() => putSchedule(session, schedule)),
    removeSchedule: (org, name) => commits.run(() => removeSchedule(session, org, name)),
    schedules: (org) => read(() => readSchedules(session, org)),

    number: (org, scope, count) => commits.run(() => takeNumbers(session, org, scope, count)),
    adoptNumbers: (org, scope, highest) => commits.run(() => adoptNumbers(session, org, scope, highest)),

    addApiKey: (key) => commits.run(() => addApiKey(session, key)),
    apiKeys: (org) => read(() => readApiKeys(session, org)),
    openApiKeys: (digests) => read(() => openApiKeys(session, digests)),
    areApiKeysGood: (ids) => read(() => areApiKeysGood(session, ids)),
    revokeApiKey: (org, id) => commits.run(() => revokeApiKey(session, org, id)),

    companions: (leases) => read(() => readCompanions(session, leases)),

    keepLateReport: (late) => commits.run(() => keepLateReport(session, late)),
    lateReports: (job) => read(() => readLateReports(session, job)),

    reservePlace: (place, ms) => commits.run(() => reservePlace(session, place, ms)),
    discardPlace: (place) => commits.run(() => discardPlace(session, place)),
    keepArtifact: (artifact, under) => commits.run(() => keepArtifact(session, artifact, under)),
    artifacts: (job) => read(() => readArtifacts(session, job)),
    artifact: (job, name) => read(() => readArtifact(session, job, name)),
    takeDiscardedPlaces: (limit, ms) => commits.run(() => takeDiscardedPlaces(session, limit, ms)),
    forgetPlaces: (places) => commits.run(() => forgetPlaces(session, places)),

    addWebhook: (webhook) => commits.run(() => addWebhook(session, webhook)),
    webhooks: (org) => read(() => readWebhooks(session, org)),
    removeWebhook: (org, id) => commits.run(() => removeWebhook(session, org, id)),
    advanceWebhook: (id, from, to) => commits.run(() => advanceWebhook(session, id, from, to)),

    onChange: (listener) => changes.listen(listener),
    events: (org, after, limit) => read(() => readEvents(session, org, after, limit)),

    openExport: async (lostAt) => read(() => openExport({ file, now, edit }, lostAt)),
    openImport: async () => read(() => openImport({ file, now, edit })),

    migrate: async () => (await migrate(await read(() => db), now)).map((step) => step.name),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      changes.stop();
      parked.close();
      for (const worker of workers) pacemaker.remove(worker);
      await commits.close();
      close();
    },
  };
}

const SESSIONS = new WeakMap<Database, Session>();

/** The store on the caller's connection. What it writes, the caller's COMMIT makes true. */
function transactionStore(
  tx: Database,
  now: () => number,
  tell: (changes: ReturnType<Session["takeChanges"]>) => void,
): TransactionStore {
  let session = SESSIONS.get(tx);
  if (session === undefined) SESSIONS.set(tx, (session = new Session(tx, now)));
  const own = session;
  function write<T>(work: () => T): T {
    // Lanes that an earlier transaction of this connection saw may have been rolled back with it.
    own.forget();
    try {
      // Nested, so a savepoint: a caller that catches our error and commits the rest commits nothing of ours by halves.
      const value = tx.transaction(() => {
        const done = work();
        writeJournal(own);
        return done;
      })();
      const brought = own.takeChanges();
      if (brought.size > 0) tell(brought);
      return value;
    } catch (error) {
      throw translateWithin(error, tx.name);
    }
  }
  return {
    enqueue: (requests, terms) => write(() => enqueueJobs(own, requests, terms)),
    report: (reports) => write(() => keepReports(own, reports)),
    settle: (settlements) => write(() => settleAttempts(own, settlements)),
    number: (org, scope, count) => write(() => takeNumbers(own, org, scope, count)),
    adoptNumbers: (org, scope, highest) => write(() => adoptNumbers(own, org, scope, highest)),
  };
}
