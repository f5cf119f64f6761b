import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSqlite } from "../../src/stores/sqlite/index.ts";
import { BUGS } from "../stores/mutants/bugs.ts";
import { Edits, mutantsOf } from "../stores/mutants/mutant.ts";
import { runOn, search, type Commands } from "./search.ts";

describe("the store does what the model does", () => {
  test("on one connection", { timeout: 600_000 }, async () => {
    await search(400, async (list) => runOn((now) => openSqlite({ file: ":memory:", now }), 1, list));
  });

  test("on two connections to one file", { timeout: 600_000 }, async () => {
    await search(60, async (list) => {
      const folder = mkdtempSync(join(tmpdir(), "millrace-model-"));
      await runOn((now) => openSqlite({ file: join(folder, "store.db"), now }), 2, list);
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
    const mutant = mutantsOf("sqlite", BUGS).find((each) => each.bug === bug);
    if (mutant === undefined) throw new Error(`there is no mutant called "${bug}"`);
    const { edit } = new Edits(mutant.edits);
    const run = async (list: Commands): Promise<void> =>
      runOn((now) => openSqlite({ file: ":memory:", now, edit }), 1, list);
    await expect(search(2_000, run, { endOnFailure: true })).rejects.toThrow(/Property failed/);
  });
});
