import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqlite } from "../../src/stores/sqlite/index.ts";
import { enqueueOne, read } from "../../src/testing/factory.ts";

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

  test("refuses every call after it was closed", async () => {
    const store = await openSqlite({ file });
    await store.close();
    await expect(enqueueOne(store)).rejects.toMatchObject({ code: "shutting_down" });
    await expect(store.counts({})).rejects.toMatchObject({ code: "shutting_down" });
  });
});
