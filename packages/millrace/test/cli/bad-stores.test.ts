import { chmod, copyFile, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { BAD_STORES, READ_ONLY_STORES } from "./bad-input/bad-stores.ts";
import { expectRefusal } from "./expect-refusal.ts";
import { BIN, millrace } from "./spawn-millrace.ts";
import { makeStore } from "./store-files.ts";
import { temporaryFolders } from "./temporary-folder.ts";

/** What the store waits for a lock, and some time to start. */
const LONGEST_MS = 20_000;

const folders = temporaryFolders();
let good = "";

beforeAll(async () => {
  good = join(await folders.create(), "good.db");
  await makeStore(good);
});

describe.concurrent("a store that cannot be used is refused", () => {
  for (const { name, prepare, commands, exitCode, says, gap } of BAD_STORES) {
    (gap === undefined ? it : it.fails)(gap === undefined ? name : `${name} (${gap})`, async () => {
      const cwd = await folders.create();
      const release = await prepare?.(cwd, good);
      // Closing a file gives up the locks of the whole process on it, so one that is locked is not read.
      const read = async (): Promise<Buffer | null> => (release ? null : readFile(join(cwd, "x.db")).catch(() => null));
      const before = await read();
      try {
        for (const args of commands) {
          const run = await millrace(args, { cwd });
          expectRefusal(run, { exitCode, says });
          expect(run.ms).toBeLessThan(LONGEST_MS);
        }
      } finally {
        release?.();
      }
      expect(await read()).toEqual(before);
    });
  }
});

/** Permissions do not hold for root, who can take on another user for that. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

describe("a store that must not be written", async () => {
  // Whoever has the checkout to themselves cannot show it to another user.
  const canSpawn = process.platform !== "win32" && (!isRoot || (await isVisibleToAll(BIN)));
  for (const { name, commands, exitCode, says } of READ_ONLY_STORES) {
    it(`${name} is refused`, async ({ skip }) => {
      skip(!canSpawn, "root may write everywhere, and no other user can see this checkout");
      const cwd = await folders.create({ "hello.sh": "#!/bin/sh\necho hello\n" });
      await copyFile(good, join(cwd, "x.db"));
      await chmod(join(cwd, "x.db"), 0o444);
      await chmod(cwd, 0o555);
      try {
        for (const args of commands) {
          const run = await millrace(args, { cwd, ...(isRoot ? { uid: NOBODY } : {}) });
          expectRefusal(run, { exitCode, says });
        }
      } finally {
        await chmod(cwd, 0o755);
      }
    });
  }
});

async function isVisibleToAll(path: string): Promise<boolean> {
  const parts = path.split("/");
  const modes = await Promise.all(parts.map(async (_, i) => (await stat(parts.slice(0, i + 1).join("/") || "/")).mode));
  return modes.every((mode) => (mode & 0o005) === 0o005 || (mode & 0o170000) === 0o100000);
}
