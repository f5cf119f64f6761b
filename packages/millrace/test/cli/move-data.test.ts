import { join } from "node:path";
import { openMillrace } from "millrace";
import { describe, expect, it } from "vitest";
import { createPalette } from "../../src/cli/palette.ts";
import { ProgressBar } from "../../src/cli/progress-bar.ts";
import { moveData, type Watch } from "../../src/cli/transfer/move-data.ts";
import type { Store } from "../../src/core/store.ts";
import { openStore } from "../../src/open-store.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();

function watch(signal = new AbortController().signal): Watch {
  return { progress: new ProgressBar({ write: () => undefined }, createPalette(false)), signal };
}

/** A store with three jobs, an empty one, and the way from one to the other. */
async function scene(): Promise<{
  readonly source: Store;
  readonly target: Store;
  readonly move: (source: Store, options?: Watch) => Promise<unknown>;
  readonly enqueue: () => Promise<void>;
}> {
  const folder = await folders.create();
  const url = `sqlite:${join(folder, "old.db")}`;
  const enqueue = async (): Promise<void> => {
    const mill = await openMillrace(url);
    await mill.enqueueMany([{ kind: "k" }, { kind: "k" }, { kind: "k" }]);
    await mill.close();
  };
  await enqueue();
  const source = await openStore(url);
  const target = await openStore(`sqlite:${join(folder, "new.db")}`);
  const move = async (from: Store, options = watch()): Promise<unknown> => {
    const reader = await from.openExport();
    try {
      return await moveData(from, reader, target, options);
    } finally {
      await reader.close();
    }
  };
  return { source, target, move, enqueue };
}

async function jobCount(store: Store): Promise<number> {
  return Object.values(await store.counts({})).reduce((sum, count) => sum + count, 0);
}

describe("a move", () => {
  it("keeps nothing when somebody enqueues into the old store meanwhile", async () => {
    const { source, target, move, enqueue } = await scene();
    const busy: Store = {
      ...source,
      // The second look is the one that compares.
      openExport: async (lostAt) => {
        if (lostAt !== undefined) await enqueue();
        return source.openExport(lostAt);
      },
    };
    await expect(move(busy)).rejects.toThrow("3 against 6 jobs");
    expect(await jobCount(target)).toBe(0);
    await move(source);
    expect(await jobCount(target)).toBe(6);
    await Promise.all([source.close(), target.close()]);
  });

  it("keeps nothing when the new store does not read as what was written", async () => {
    const { source, target, move } = await scene();
    const forgetful: Store = {
      ...target,
      openImport: async () => {
        const writer = await target.openImport();
        return {
          ...writer,
          write: async (records) => writer.write(records.filter((_, i) => i !== records.length - 1)),
        };
      },
    };
    const reader = await source.openExport();
    await expect(moveData(source, reader, forgetful, watch())).rejects.toMatchObject({
      code: "invariant_broken",
      message: "what was written reads back differently, so nothing was kept: 3 against 2 jobs",
    });
    await reader.close();
    expect(await jobCount(target)).toBe(0);
    await move(source);
    await Promise.all([source.close(), target.close()]);
  });

  it("keeps nothing when it is interrupted", async () => {
    const { source, target, move } = await scene();
    await expect(move(source, watch(AbortSignal.abort()))).rejects.toThrow("interrupted; nothing was kept");
    expect(await jobCount(target)).toBe(0);
    await Promise.all([source.close(), target.close()]);
  });
});
