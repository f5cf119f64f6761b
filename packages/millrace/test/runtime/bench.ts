import assert from "node:assert/strict";
import Database from "better-sqlite3";
import {
  openMillrace,
  type Logger,
  type Millrace,
  type MillraceOptions,
  type Worker,
  type WorkerOptions,
} from "millrace";
import { afterEach, beforeEach, describe } from "vitest";
import type { Caller } from "./caller.ts";
import { inMemory, onFile, onPostgreSQL, type Ground, type GroundKind } from "./grounds.ts";

/** A warning, or whatever else was said to the logger. */
export interface Said {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/**
 * Clients and workers of one store, ended after the test. The data of every test must pass `verify()`, and what a
 * failed test leaves is kept.
 */
export class Bench {
  readonly said: Said[] = [];
  readonly ground: Ground;
  readonly #mills: Millrace[] = [];
  readonly #workers: Worker<Millrace>[] = [];
  readonly #connections: Database.Database[] = [];
  readonly #callers: Caller[] = [];

  constructor(ground: Ground) {
    this.ground = ground;
  }

  /** A client. Where the store is shared, each is a connection of its own, as in another process. */
  async open(options: MillraceOptions = {}): Promise<Millrace> {
    const mill = await openMillrace(this.ground.url, { logger: this.#logger(), ...options });
    this.#mills.push(mill);
    return mill;
  }

  /** A worker that the end of the test does not wait long for. */
  worker(mill: Millrace, options: WorkerOptions = {}): Worker<Millrace> {
    const worker = mill.worker({ abortGraceMs: 100, ...options });
    this.#workers.push(worker);
    return worker;
  }

  /** A connection of the caller's own to where a shared store lies. */
  async caller(): Promise<Caller> {
    const caller = await this.ground.openCaller();
    this.#callers.push(caller);
    return caller;
  }

  /** A bare connection to the file: a stranger's program. */
  connect(): Database.Database {
    assert.ok("file" in this.ground && typeof this.ground.file === "string", "this store lies in a file");
    const db = new Database(this.ground.file, { timeout: 5_000 });
    this.#connections.push(db);
    return db;
  }

  /** The name of a table of the library, for SQL beside it. */
  table(name: string): string {
    return this.ground.table(name);
  }

  async end(hasFailed: boolean): Promise<void> {
    for (const db of this.#connections) db.close();
    await Promise.all(this.#callers.map((caller) => caller.end()));
    await Promise.all(this.#workers.map((worker) => worker.stop({ force: true })));
    const open = this.#mills[0];
    const report = open === undefined ? undefined : await open.verify().catch(() => undefined);
    for (const mill of this.#mills) await mill.close();
    const violations = report?.violations ?? [];
    await this.ground.end(hasFailed || violations.length > 0);
    if (!hasFailed) assert.deepEqual(violations, [], "the data of the test is sound");
  }

  #logger(): Logger {
    const keep = (level: string) => (fields: Said["fields"], message: string) =>
      void this.said.push({ level, fields, message });
    return { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
  }
}

type Define = (bench: () => Bench) => void;

/** The bench of the running test: a new one for each. */
function benches({ make }: GroundKind): () => Bench {
  let bench: Bench | undefined;
  beforeEach(() => {
    bench = new Bench(make());
  });
  afterEach(async ({ task }) => {
    await bench?.end(task.result?.state === "fail");
  });
  return () => {
    assert.ok(bench, "a bench is there while a test runs");
    return bench;
  };
}

/** Skipped, and seen to be, where there can be no such store. */
function on(kinds: readonly GroundKind[], what: string, define: Define): void {
  for (const kind of kinds) {
    describe.skipIf(kind.missing() !== undefined)(`${what}, ${kind.name}`, () => {
      define(benches(kind));
    });
  }
}

/** The same tests wherever a store can lie. */
export function onEveryStore(what: string, define: Define): void {
  on([onFile, inMemory, onPostgreSQL], what, define);
}

/** Tests of what needs a store that others can reach: other clients, transactions of the caller. */
export function onSharedStores(what: string, define: Define): void {
  on([onFile, onPostgreSQL], what, define);
}

/** Tests of what only a file can do: synchronous transactions, bare connections, its one write lock. */
export function onAFile(what: string, define: Define): void {
  on([onFile], what, define);
}

/** Tests of what only PostgreSQL can do: transactions of many callers at once. */
export function onPostgres(what: string, define: Define): void {
  on([onPostgreSQL], what, define);
}
