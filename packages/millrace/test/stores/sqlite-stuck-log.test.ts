import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openSqlite } from "../../src/stores/sqlite/index.ts";
import { ORG } from "../../src/testing/factory.ts";

/** Takes the locks under which readers of the write-ahead log begin, and keeps them; Node can lock no part of a file. */
const HOLD = `
import fcntl, sys
shared = open(sys.argv[1], "r+b")
fcntl.lockf(shared, fcntl.LOCK_EX, 5, 123)
print("held", flush=True)
sys.stdin.read()
`;
const hasPython = spawnSync("python3", ["--version"]).status === 0;

it.skipIf(!hasPython)("a process that stands still in the middle of the log makes the store busy", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-stuck-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "queue.db");
  const store = await openSqlite({ file });
  onTestFinished(() => store.close());
  await store.counts({});
  const holder = spawn("python3", ["-c", HOLD, `${file}-shm`], { stdio: ["pipe", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  await expect(async () => store.configureQueue(ORG, "q", { isPaused: true })).rejects.toMatchObject({
    code: "store_busy",
    retryable: true,
  });
  holder.stdin.end();
  await once(holder, "exit");
  expect(await store.configureQueue(ORG, "q", { isPaused: true })).toMatchObject({ isPaused: true });
});
