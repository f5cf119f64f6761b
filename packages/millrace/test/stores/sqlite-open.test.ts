import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqlite } from "../../src/stores/sqlite/index.ts";
import { MIGRATIONS } from "../../src/stores/sqlite/migrations/index.ts";
import {
  claimOne,
  enqueueAll,
  enqueueOne,
  moves,
  read,
  refOf,
  requests,
  settleOne,
} from "../../src/testing/factory.ts";
import { assertSound } from "../../src/testing/index.ts";

describe("opening a file", () => {
  let folder = "";
  let file = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-open-"));
    file = join(folder, "store.db");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("refuses a schema from the future, and leaves it as it is", async () => {
    await (await openSqlite({ file })).close();
    const db = new Database(file);
    db.exec("INSERT INTO millrace_schema (version, name, applied_at) VALUES (999, 'from the future', 0)");
    db.close();
    await expect(openSqlite({ file })).rejects.toMatchObject({ code: "schema_too_new", retryable: false });
    await expect(openSqlite({ file, migrate: false })).rejects.toMatchObject({ code: "schema_too_new" });
  });

  test("refuses a schema that is missing when it may not be made", async () => {
    await expect(openSqlite({ file, migrate: false })).rejects.toMatchObject({ code: "schema_too_old" });
    await (await openSqlite({ file })).close();
    await (await openSqlite({ file, migrate: false })).close();
  });

  test("refuses a file that is no database, and says so", async () => {
    writeFileSync(file, "Dear diary, ".repeat(1_000));
    await expect(openSqlite({ file })).rejects.toMatchObject({ code: "store_corrupt", retryable: false });
  });

  test("refuses a path whose folder is not there", async () => {
    const nowhere = join(folder, "no", "such", "folder.db");
    await expect(openSqlite({ file: nowhere })).rejects.toMatchObject({ code: "store_unavailable" });
  });

  test("by ten connections at once makes the schema once", async () => {
    const stores = await Promise.all(Array.from({ length: 10 }, async () => openSqlite({ file })));
    const [first, last] = [stores.at(0), stores.at(-1)];
    if (first === undefined || last === undefined) throw new Error("ten were opened");
    const { id } = await enqueueOne(first);
    expect((await read(last, id)).number).toBe(1);
    for (const store of stores) await store.close();
  });

  test("a second time finds everything as it was left", async () => {
    const before = await openSqlite({ file });
    const job = await enqueueOne(before, { tags: { a: "b" }, requires: ["gpu"], fairKey: "x", key: "k" });
    await before.close();
    const after = await openSqlite({ file });
    expect(await read(after, job.id)).toEqual(job);
    expect((await enqueueOne(after)).number).toBe(2);
    await after.close();
  });

  test("of an older version brings it up to date, and everything in it goes on", async () => {
    const newer = join(folder, "newer.db");
    const before = await openSqlite({ file: newer });
    const jobs = await enqueueAll(before, requests(3));
    await settleOne(before, await claimOne(before), moves.complete("done"));
    const claim = await claimOne(before);
    await before.close();
    for (const { version } of MIGRATIONS.slice(0, -1)) {
      const old = join(folder, `${version}.db`);
      copyAsOf(version, newer, old);
      await expect(openSqlite({ file: old, migrate: false })).rejects.toMatchObject({ code: "schema_too_old" });
      const after = await openSqlite({ file: old });
      expect(await settleOne(after, claim, moves.complete())).toBe("settled");
      const states = (await after.get(jobs.map(({ id }) => id))).map((job) => job?.state);
      expect(states).toEqual(["completed", "completed", "queued"]);
      const companion = { sealed: "secret", trace: null };
      const { id, number } = await enqueueOne(after, { companion, priority: 1 });
      expect(number).toBe(4);
      const next = await claimOne(after);
      expect([next.job.id, await after.companions([refOf(next)])]).toEqual([id, [companion]]);
      await assertSound(after);
      await after.close();
    }
  });

  test("refuses every call after it was closed", async () => {
    const store = await openSqlite({ file });
    await store.close();
    await expect(enqueueOne(store)).rejects.toMatchObject({ code: "shutting_down" });
    await expect(store.counts({})).rejects.toMatchObject({ code: "shutting_down" });
  });
});

/** A file as a program would have made it that knew steps up to `version` only, with all rows it has a place for. */
function copyAsOf(version: number, newer: string, old: string): void {
  const db = new Database(old);
  db.exec(
    "CREATE TABLE millrace_schema (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL)",
  );
  for (const step of MIGRATIONS.filter((each) => each.version <= version)) {
    db.exec(step.sql);
    db.prepare("INSERT INTO millrace_schema VALUES (?, ?, 0)").run(step.version, step.name);
  }
  const tables = db.prepare<[], { name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'millrace%' AND name <> 'millrace_schema'",
  );
  db.pragma("foreign_keys = OFF");
  db.prepare("ATTACH ? AS newer").run(newer);
  const columns = db.prepare<[string], { name: string }>("SELECT name FROM pragma_table_info(?, 'main')");
  for (const { name } of tables.all()) {
    const list = columns
      .all(name)
      .map((column) => `"${column.name}"`)
      .join(", ");
    db.exec(`INSERT INTO main.${name} (${list}) SELECT ${list} FROM newer.${name}`);
  }
  db.close();
}
