import { describe, expect, it } from "vitest";
import { CLASSIC_BUGS } from "./mutants/classic-bugs.ts";
import type { ClassicBug, Hunt } from "./mutants/classic-bug.ts";
import { lineOf } from "./mutants/result-table.ts";
import { resultOf } from "./mutants/results.ts";
import { runEdited } from "./mutants/run-edited.ts";
import { SOUND_ROWS } from "./mutants/sound-rows.ts";

/** `MILLRACE_SEED=…` for another search. */
const SEED = Number(process.env["MILLRACE_SEED"] ?? 1);
const LIMIT_MS = 120_000;
const SOUND_MS = 2_500;

const numberOf = (guarantee: string): number => Number(guarantee.slice(1));

/** Of each guarantee the first bug that can be had without a database server. All others: `npm run mutants`. */
const SOME = CLASSIC_BUGS.flatMap((bug): readonly (readonly [ClassicBug, Hunt])[] => {
  const hunt = bug.hunts.find(({ place }) => place !== "PostgreSQL");
  return hunt === undefined ? [] : [[bug, hunt]];
}).filter(([{ guarantee }], i, all) => all.findIndex(([each]) => each.guarantee === guarantee) === i);

const inProcess = SOUND_ROWS.filter(({ hunt }) => hunt.place === "SQLite" && hunt.isSlow !== true);

describe("a classic bug is found", () => {
  it.each(SOME.map(([bug, hunt]) => [`${bug.guarantee}: ${bug.bug}`, bug, hunt] as const))(
    "%s",
    { timeout: LIMIT_MS },
    async (_, bug, hunt) => {
      const result = await resultOf(bug, hunt, SEED);
      process.stdout.write(`${lineOf(result)}\n`);
      expect(result.problem).toBeUndefined();
      expect(result.finding).not.toBeNull();
    },
  );
});

describe("something sound is found sound", () => {
  it.each(inProcess.map(({ under, hunt }) => [under, hunt] as const))(
    "under %s",
    { timeout: LIMIT_MS },
    async (_, hunt) => {
      expect(await hunt.run({ seed: SEED, deadline: performance.now() + SOUND_MS })).toBeNull();
    },
  );
});

describe("the list of classic bugs", () => {
  it("has some for every guarantee, each once, in their order", () => {
    const guarantees = CLASSIC_BUGS.map(({ guarantee }) => numberOf(guarantee));
    expect([...new Set(guarantees)]).toEqual(Array.from({ length: 13 }, (_, i) => i + 1));
    expect(guarantees).toEqual(guarantees.toSorted((a, b) => a - b));
    expect(new Set(CLASSIC_BUGS.map(({ bug }) => bug)).size).toBe(CLASSIC_BUGS.length);
  });

  it("hunts each of them somewhere, and no edit of a source changes nothing", async () => {
    expect(CLASSIC_BUGS.filter(({ hunts }) => hunts.length === 0)).toEqual([]);
    const edits = [{ file: "http/policy.ts", found: "no such text", replacement: "" }];
    await expect(runEdited("route-hunt-program.ts", ["GET /v1/me"], edits)).rejects.toThrow(/no such text/);
  });
});
