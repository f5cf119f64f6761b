import { ConflictError } from "../../core/errors.ts";
import type { Change, EnqueueRequest, TransactionStore } from "../../core/store.ts";
import type { Catalog } from "./catalog.ts";
import { channelName, lettersOf } from "./changes.ts";
import { channelOf } from "./channel.ts";
import { areNew, enqueueJobs, writeJobs, type Notice } from "./enqueue.ts";
import { hasCode, translate } from "./errors.ts";
import { keepReports } from "./lease.ts";
import { adoptNumbers, takeNumbers } from "./numbers.ts";
import { Session } from "./session.ts";
import { settleAttempts } from "./settle.ts";
import { withPlaces } from "./with-places.ts";
import type { NamedSql, Statements } from "./statements.ts";

/** Others, and this process too, hear of it when the caller commits. */
const NOTIFY: NamedSql = { name: "CHANGE_NOTIFY", sql: `SELECT 1 AS n FROM pg_notify($1::text, $2::text)` };

/** Calls in one transaction come one after the other, however many are made at once: savepoints are nested. */
const ENDS = new WeakMap<object, Promise<unknown>>();

export interface TransactionParts {
  readonly statements: Statements;
  readonly catalog: Catalog;
  readonly clock: (() => number) | undefined;
  /** For messages: where the store lies. */
  readonly place: string;
}

/**
 * The store inside a transaction of the caller. What it writes, the caller's COMMIT makes true; then, too, jobs are
 * numbered. A call that fails leaves nothing of itself, and the caller may go on.
 * @throws OptionsError when `tx` is nothing that statements can be sent through, ConflictError without a transaction
 */
export function transactionStore(tx: unknown, parts: TransactionParts): TransactionStore {
  const channel = channelOf(tx);
  const { statements, catalog, clock, place } = parts;
  const send = (text: string): Promise<unknown> => channel.query({ name: null, text }, []);

  async function inSavepoint<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await send("SAVEPOINT millrace").catch((error: unknown) => {
      if (!hasCode(error, "25P01")) throw error;
      throw new ConflictError("state_conflict", "tx has no transaction open; call this between BEGIN and COMMIT");
    });
    try {
      const session = new Session(channel, statements, clock);
      const value = await work(session);
      await session.writeJournal();
      const changes = session.takeChanges();
      if (changes.size > 0) await session.all(NOTIFY, channelName(statements.schema), `tx:${lettersOf(changes)}`);
      await send("RELEASE SAVEPOINT millrace");
      return value;
    } catch (error) {
      // When that fails as well, the transaction is lost, and every statement after it will say so.
      await send("ROLLBACK TO SAVEPOINT millrace").catch(() => undefined);
      await send("RELEASE SAVEPOINT millrace").catch(() => undefined);
      throw error;
    }
  }

  function write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const before = ENDS.get(tx as object) ?? Promise.resolve();
    const ended = before.then(() => inSavepoint(work));
    const settled = ended.catch(nothing);
    ENDS.set(tx as object, settled);
    return ended.catch((error: unknown) => {
      throw translate(error, place);
    });
  }

  return {
    enqueue: async (requests, terms) => {
      if (requests.length === 0) return [];
      const notice = noticeOf(statements.schema, requests);
      return withPlaces(catalog, place, requests, async (placed) => {
        if (areNew(requests, terms)) {
          const jobs = await write((session) => writeJobs(session, placed, notice)).catch(unlessSentBefore);
          if (jobs !== undefined) return jobs.map((job) => ({ status: "created", job }));
        }
        return write((session) => enqueueJobs(session, placed, terms, notice));
      });
    },
    report: (reports) => write((session) => keepReports(session, reports)),
    settle: (settlements) => write((session) => settleAttempts(session, settlements)),
    number: async (org, scope, count) => {
      const [id = 0] = await catalog.scopes([[org, scope]]);
      const [first] = await write((session) => takeNumbers(session, [{ scope: id, count }]));
      if (first === undefined) throw new Error(`no number was taken of ${scope}`);
      return first;
    },
    adoptNumbers: async (org, scope, highest) => {
      const [id = 0] = await catalog.scopes([[org, scope]]);
      return write((session) => adoptNumbers(session, id, highest));
    },
  };
}

/** Others look for jobs that are due, or for when the next one is. */
function noticeOf(schema: string, requests: readonly EnqueueRequest[]): Notice {
  const areDue = requests.every(({ runAt, delayMs }) => runAt === null && delayMs === null);
  const changes = new Set<Change>(areDue ? ["events", "ready"] : ["events", "ready", "scheduled"]);
  return { channel: channelName(schema), payload: `tx:${lettersOf(changes)}` };
}

/** Libraries hide which constraint it was; whoever looks again finds out. */
function unlessSentBefore(error: unknown): undefined {
  if (!hasCode(error, "23505")) throw error;
}

async function nothing(): Promise<void> {
  return undefined;
}
