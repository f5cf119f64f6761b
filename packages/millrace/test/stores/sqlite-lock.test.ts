import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../../src/core/store.ts";
import { openSqlite } from "../../src/stores/sqlite/index.ts";
import { aRequest, claimOne, enqueueOne } from "../../src/testing/factory.ts";

/** As the port says: five seconds for a single move. */
const BOUND_MS = 5_000;

describe("while another connection holds the write lock", () => {
  let folder = "";
  let store: Store;
  let holder: Database.Database;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "millrace-lock-"));
    const file = join(folder, "store.db");
    store = await openSqlite({ file });
    holder = new Database(file);
  });
  afterEach(async () => {
    holder.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });

  test("a write waits without stopping the event loop, and goes through when the lock is free", async () => {
    holder.exec("BEGIN IMMEDIATE");
    const writing = enqueueOne(store);
    let turns = 0;
    while (turns < 200) {
      await new Promise((resolve) => void setImmediate(resolve));
      turns += 1;
    }
    holder.exec("COMMIT");
    expect((await writing).number).toBe(1);
  });

  test("reads are answered", async () => {
    const { id } = await enqueueOne(store);
    holder.exec("BEGIN IMMEDIATE");
    const [job] = await store.get([id]);
    expect(job?.state).toBe("queued");
    expect((await store.counts({})).queued).toBe(1);
    holder.exec("ROLLBACK");
  });

  test("a write ends within its bound in store_busy, which may be tried again, and nothing of it was kept", async () => {
    const kept = await enqueueOne(store);
    holder.exec("BEGIN IMMEDIATE");
    const startedAt = performance.now();
    const request = aRequest();
    const calls = await Promise.allSettled([
      store.enqueue([request]),
      claimOne(store),
      store.number("acme", "issue", 1),
    ]);
    const tookMs = performance.now() - startedAt;
    for (const call of calls) {
      expect(call).toMatchObject({ status: "rejected", reason: { code: "store_busy", retryable: true } });
    }
    expect(tookMs).toBeLessThan(BOUND_MS + 1_000);
    holder.exec("ROLLBACK");
    expect(await store.get([request.id])).toEqual([null]);
    expect((await claimOne(store)).job.id).toBe(kept.id);
    expect((await store.enqueue([request]))[0]?.status).toBe("created");
  });
});
