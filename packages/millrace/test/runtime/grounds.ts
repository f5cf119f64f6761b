import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { SchemaPool } from "../postgres/schema-pool.ts";
import { missingPostgres, testUrl } from "../postgres/test-database.ts";
import { fileCaller, postgresCaller, type Caller } from "./caller.ts";

/** Where the data of one test lies, and how a stranger gets at it. */
export interface Ground {
  readonly url: string;
  /** A table of the library, as SQL beside it has to call it. */
  readonly table: (name: string) => string;
  readonly openCaller: () => Promise<Caller>;
  /** Called when everything is closed. What a failed test leaves behind is worth keeping. */
  readonly end: (hasFailed: boolean) => Promise<void>;
}

/** Makes grounds, a new one for each test. */
export interface GroundKind {
  readonly name: string;
  /** Why there can be none; `undefined` when there can. */
  readonly missing: () => string | undefined;
  readonly make: () => Ground;
}

export interface FileGround extends Ground {
  readonly file: string;
}

export const onFile = {
  name: "on a file",
  missing: () => undefined,
  make(): FileGround {
    const folder = mkdtempSync(join(tmpdir(), "millrace-runtime-"));
    const file = join(folder, "queue.db");
    return {
      file,
      url: `sqlite:${file}`,
      table: (name) => `millrace_${name}`,
      openCaller: async () => fileCaller(file),
      end: async (hasFailed) => {
        if (!hasFailed) rmSync(folder, { recursive: true, force: true });
      },
    };
  },
} satisfies GroundKind;

export const inMemory: GroundKind = {
  name: "in memory",
  missing: () => undefined,
  make: () => ({
    url: "memory:",
    table: (name) => `millrace_${name}`,
    openCaller: () => Promise.reject(new Error("nobody else can reach what lies in memory")),
    end: async () => undefined,
  }),
};

const schemas = new SchemaPool();
afterAll(() => schemas.dispose());

export const onPostgreSQL: GroundKind = {
  name: "on PostgreSQL",
  missing: missingPostgres,
  make() {
    const schema = schemas.take();
    return {
      url: schema.url,
      table: (name) => `${schema.name}.${name}`,
      openCaller: () => postgresCaller(testUrl()),
      end: (hasFailed) => schemas.giveBack(schema, hasFailed),
    };
  },
};
