import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

/** A warning, or whatever else was said to the logger. */
export interface Said {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/**
 * Clients and workers of one store, ended after the test. The data of every test must pass `verify()`, and a file whose
 * test failed is kept.
 */
export class Bench {
  readonly said: Said[] = [];
  readonly folder: string | undefined;
  readonly #mills: Millrace[] = [];
  readonly #workers: Worker<Millrace>[] = [];
  readonly #connections: Database.Database[] = [];

  constructor(isOnFile: boolean) {
    this.folder = isOnFile ? mkdtempSync(join(tmpdir(), "millrace-runtime-")) : undefined;
  }

  get file(): string {
    assert.ok(this.folder, "this store lies in a file");
    return join(this.folder, "queue.db");
  }

  get url(): string {
    return this.folder === undefined ? "memory:" : `sqlite:${this.file}`;
  }

  /** A client. On a file, each is a connection of its own, as in another process. */
  async open(options: MillraceOptions = {}): Promise<Millrace> {
    const mill = await openMillrace(this.url, { logger: this.#logger(), ...options });
    this.#mills.push(mill);
    return mill;
  }

  /** A worker that the end of the test does not wait long for. */
  worker(mill: Millrace, options: WorkerOptions = {}): Worker<Millrace> {
    const worker = mill.worker({ abortGraceMs: 100, ...options });
    this.#workers.push(worker);
    return worker;
  }

  /** A bare connection to the file: a stranger's program. */
  connect(): Database.Database {
    const db = new Database(this.file, { timeout: 5_000 });
    this.#connections.push(db);
    return db;
  }

  async end(hasFailed: boolean): Promise<void> {
    for (const db of this.#connections) db.close();
    await Promise.all(this.#workers.map((worker) => worker.stop({ force: true })));
    const open = this.#mills[0];
    const report = open === undefined ? undefined : await open.verify().catch(() => undefined);
    for (const mill of this.#mills) await mill.close();
    if (this.folder !== undefined && !hasFailed) rmSync(this.folder, { recursive: true, force: true });
    if (!hasFailed) assert.deepEqual(report?.violations ?? [], [], "the data of the test is sound");
  }

  #logger(): Logger {
    const keep = (level: string) => (fields: Said["fields"], message: string) =>
      void this.said.push({ level, fields, message });
    return { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
  }
}

/** The bench of the running test: a new one for each. */
function benches(isOnFile: boolean): () => Bench {
  let bench: Bench | undefined;
  beforeEach(() => {
    bench = new Bench(isOnFile);
  });
  afterEach(async ({ task }) => {
    await bench?.end(task.result?.state === "fail");
  });
  return () => {
    assert.ok(bench, "a bench is there while a test runs");
    return bench;
  };
}

/** The same tests on a file and in memory. */
export function onBothStores(what: string, define: (bench: () => Bench) => void): void {
  describe(`${what}, on a file`, () => {
    define(benches(true));
  });
  describe(`${what}, in memory`, () => {
    define(benches(false));
  });
}

/** Tests of what only a file can do: other connections, other clients, transactions of the caller. */
export function onAFile(what: string, define: (bench: () => Bench) => void): void {
  describe(what, () => {
    define(benches(true));
  });
}
