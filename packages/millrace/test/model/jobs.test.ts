import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Store } from "../../src/core/store.ts";
import { openSqlite } from "../../src/stores/sqlite/index.ts";
import { ORG, QUEUE } from "../../src/testing/factory.ts";
import { assertSound, VirtualClock } from "../../src/testing/index.ts";
import { Edits } from "../stores/mutants/mutant.ts";
import { sqlMutants } from "../stores/mutants/sql-mutants.ts";
import { JOB_COMMANDS, type JobCommand } from "./job-commands.ts";
import { GRACE_MS, JobModel } from "./job-model.ts";

/**
 * A failure prints its seed and path. To see the same run again:
 *
 *     MILLRACE_SEED=123 MILLRACE_PATH=0:1:4 MILLRACE_REPLAY=ABC:D npx vitest run --project sqlite test/model
 *
 * MILLRACE_SEED alone repeats the whole search; MILLRACE_RUNS sets how many runs there are.
 */
const { MILLRACE_SEED: seed, MILLRACE_PATH: path, MILLRACE_REPLAY: replayPath, MILLRACE_RUNS: runs } = process.env;

const chosen = {
  ...(seed === undefined ? {} : { seed: Number(seed) }),
  ...(path === undefined ? {} : { path }),
};

const commands = fc.commands([...JOB_COMMANDS], {
  maxCommands: 60,
  size: "max",
  ...(replayPath === undefined ? {} : { replayPath }),
});

describe("the store does what the model does", () => {
  test("on one connection", { timeout: 600_000 }, async () => {
    await search(400, async (list) => runOn(":memory:", 1, list));
  });

  test("on two connections to one file", { timeout: 600_000 }, async () => {
    await search(60, async (list) => {
      const folder = mkdtempSync(join(tmpdir(), "millrace-model-"));
      await runOn(join(folder, "store.db"), 2, list);
      rmSync(folder, { recursive: true });
    });
  });
});

/** A search that finds nothing proves something only if it would have found this. */
describe("a store that does otherwise is found out", () => {
  const FOUND = [
    "settle is guarded by the state alone and ignores the token",
    "the fence is the count of attempts, which snooze and release give back",
    "a completion overwrites a cancel that was accepted",
    "rescue gives a job attempts without end",
    "a claim does not look at priorities",
    "a key is looked up nowhere, so two live jobs can have it",
    "a heartbeat says held and prolongs nothing",
  ];
  test.each(FOUND)("%s", { timeout: 60_000 }, async (bug) => {
    const mutant = sqlMutants.find((each) => each.bug === bug);
    if (mutant === undefined) throw new Error(`there is no mutant called "${bug}"`);
    const edits = new Edits(mutant.edits);
    const run = async (list: Iterable<JobCommand>): Promise<void> => runOn(":memory:", 1, list, edits.edit);
    await expect(search(2_000, run, { endOnFailure: true })).rejects.toThrow(/Property failed/);
  });
});

async function search(
  numRuns: number,
  run: (list: Iterable<JobCommand>) => Promise<void>,
  parameters: fc.Parameters<[Iterable<JobCommand>]> = {},
): Promise<void> {
  const count = runs === undefined ? numRuns : Number(runs);
  await fc.assert(fc.asyncProperty(commands, run), { numRuns: count, ...chosen, ...parameters });
}

async function runOn(
  file: string,
  connections: number,
  list: Iterable<JobCommand>,
  edit?: (name: string, sql: string) => string,
): Promise<void> {
  const clock = new VirtualClock();
  const stores: Store[] = [];
  const options = { file, now: clock.now, ...(edit === undefined ? {} : { edit }) };
  for (let i = 0; i < connections; i++) stores.push(await openSqlite(options));
  try {
    const [store] = stores;
    await store?.configureQueue(ORG, QUEUE, { settings: { cancelGraceMs: GRACE_MS } });
    await fc.asyncModelRun(() => ({ model: new JobModel(clock.now()), real: { stores, clock } }), list);
    if (store !== undefined) await assertSound(store);
  } finally {
    for (const store of stores) await store.close();
  }
}
