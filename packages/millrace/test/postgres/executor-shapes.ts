import type { Client, CustomTypesConfig, QueryConfig } from "pg";
import type { QueryExecutor } from "../../src/stores/postgres/channel.ts";

/** How a library of queries sends SQL and what it answers. Our statements have to bear all of it. */
export interface ExecutorShape {
  readonly name: string;
  /** @param client one that is inside a transaction */
  readonly over: (client: Client) => QueryExecutor;
}

const VOID = 2278;
const BOOL = 16;
const INT8 = 20;

/** Integers of eight bytes are bigint, booleans are what they are, all else is text. */
const typed = {
  getTypeParser: ((oid: number) => {
    if (oid === INT8) return BigInt;
    return (text: string) => (oid === BOOL ? text === "t" : text);
  }) as CustomTypesConfig["getTypeParser"],
};

/** What the language has no type for is refused, though it was carried out. */
async function typedRows(client: Client, text: string, values: unknown[]): Promise<object[]> {
  const { fields, rows } = await client.query<object>({ text, values, types: typed });
  if (fields.some(({ dataTypeID }) => dataTypeID === VOID)) throw new Error("a column of type void cannot be read");
  return rows;
}

/** The driver's error is the cause of the library's, which has no code, or one that means something else. */
async function wrapped<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    throw Object.assign(new Error("the query failed", { cause: error }), { code: "P2010" });
  }
}

/** Every use of a parameter is sent as one more. */
function renumbered(text: string, values: readonly unknown[]): QueryConfig {
  const uses: unknown[] = [];
  const renumber = (_: string, n: string): string => `$${uses.push(values[Number(n) - 1])}`;
  return { text: text.replaceAll(/\$(\d+)/g, renumber), values: uses };
}

export const EXECUTOR_SHAPES: readonly ExecutorShape[] = [
  {
    name: "Kysely's: rows in an object, without a count, long integers as text",
    over: (client) => ({
      query: async (text, values) => ({ rows: (await client.query<object>(text, values)).rows }),
    }),
  },
  {
    name: "Drizzle's: parameters with numbers of its own, errors of the driver inside others",
    over: (client) => ({ query: (text, values) => wrapped(client.query<object>(renumbered(text, values))) }),
  },
  {
    name: "Prisma's: a list of rows, long integers as bigint, errors inside others, no columns without a type",
    over: (client) => ({ query: (text, values) => wrapped(typedRows(client, text, values)) }),
  },
];
