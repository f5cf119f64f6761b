import type pg from "pg";
import { ConflictError, OptionsError } from "../../core/errors.ts";
import { storable } from "./arrays.ts";
import type { Prepared } from "./statements.ts";

export type Bound = string | number | boolean | null;

/** One way to send statements: a connection of ours, or what a caller gave us. */
export interface Channel {
  query(statement: Prepared, values: readonly Bound[]): Promise<{ readonly rows: unknown[]; readonly count: number }>;
}

/** Integers of eight bytes as numbers: none of ours is beyond 2^53, the constraints of the schema see to it. */
const INT8 = 20;
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number) => {
    if (oid === INT8) return Number;
    return TEXT_PARSERS[oid] ?? asText;
  }) as pg.CustomTypesConfig["getTypeParser"],
};
const asText = (text: string): string => text;
/** By their object ids: bool, int2, int4, float4, float8. */
const TEXT_PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === "t",
  21: Number,
  23: Number,
  700: Number,
  701: Number,
};

/**
 * A connection through the driver.
 *
 * - "own": set up by us. The server keeps plans under names for it, and statements are sent without waiting for answers.
 * - "lent": of a pool that others share. One statement after the other; none after one that failed, for the transaction
 *   is over.
 * - "caller's": likewise, but the caller may go on from a savepoint.
 */
export function driverChannel(client: pg.ClientBase, whose: "own" | "lent" | "caller's"): Channel {
  const send: Channel["query"] = async ({ name, text }, values) => {
    const named = whose === "own" && name !== null ? { name } : {};
    const result = await client.query({ ...named, text, values: values.map(bound), types: TYPES });
    return { rows: result.rows, count: result.rowCount ?? 0 };
  };
  return { query: whose === "own" ? send : inLine(send, whose === "caller's") };
}

/** One statement after the other, however they are asked for. */
function inLine(send: Channel["query"], goesOn: boolean): Channel["query"] {
  let before: Promise<unknown> = Promise.resolve();
  return (statement, values) => {
    const sent = before.then(() => send(statement, values));
    const survived = sent.catch(() => undefined);
    before = goesOn ? survived : sent;
    return sent;
  };
}

/** What any library can be made to look like: SQL with `$1` and its values in, rows out. */
export interface QueryExecutor {
  query(sql: string, values: unknown[]): Promise<unknown>;
}

/** A transaction of the caller, through whatever library it is held by. */
function executorChannel(executor: QueryExecutor): Channel {
  return {
    async query({ text }, values) {
      const answer = await executor.query(
        text,
        values.map((value) => (value === null ? null : String(bound(value)))),
      );
      const rows = rowsOf(answer);
      return { rows: rows.map(withNumbers), count: countOf(answer) ?? rows.length };
    },
  };
}

/**
 * The way into a caller's transaction.
 * @throws OptionsError when it is nothing that statements can be sent through, ConflictError for a connection without
 *   an open transaction
 */
export function channelOf(tx: unknown): Channel {
  if (!isExecutor(tx)) {
    throw new OptionsError("tx must be a pg client that is inside a transaction, or an object { query(sql, values) }");
  }
  if ("totalCount" in tx && "idleCount" in tx) {
    throw new OptionsError("tx is a pg Pool, whose statements go to any connection; use a client from pool.connect()");
  }
  if (!isDriverClient(tx)) return executorChannel(tx);
  if (tx.getTransactionStatus() === "I") {
    throw new ConflictError("state_conflict", "tx has no transaction open; call this between BEGIN and COMMIT");
  }
  return driverChannel(tx, "caller's");
}

function isExecutor(value: unknown): value is QueryExecutor {
  return typeof value === "object" && value !== null && "query" in value && typeof value.query === "function";
}

function isDriverClient(value: object): value is pg.ClientBase & { getTransactionStatus(): "I" | "T" | "E" | null } {
  return "getTransactionStatus" in value && typeof value.getTransactionStatus === "function";
}

function bound(value: Bound): Bound {
  return typeof value === "string" ? storable(value) : value;
}

function rowsOf(answer: unknown): object[] {
  const rows: unknown = Array.isArray(answer) ? answer : (answer as { readonly rows?: unknown } | null)?.rows;
  if (Array.isArray(rows)) return rows as object[];
  throw new OptionsError("tx.query() must answer a list of rows, or an object with one in `rows`");
}

function countOf(answer: unknown): number | undefined {
  if (typeof answer !== "object" || answer === null || !("rowCount" in answer)) return undefined;
  return typeof answer.rowCount === "number" ? answer.rowCount : undefined;
}

/** Columns whose numbers other libraries bring as text or as bigint. */
const NUMERIC = new Set(
  `attempt attempt_started_at base cancel_requested_at created_at finished_at job lane last max_attempts n number percent
   priority run_at seq started_at timeout_ms token`.split(/\s+/),
);

function withNumbers(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]: [string, unknown]) => [
      name,
      NUMERIC.has(name) && (typeof value === "string" || typeof value === "bigint") ? Number(value) : value,
    ]),
  );
}
