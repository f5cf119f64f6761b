import { afterAll, describe, expect, test } from "vitest";
import { CONFORMANCE_CASES, runCase, type StoreProvider } from "../../src/testing/index.ts";
import { BUGS } from "./mutants/bugs.ts";
import { ALIVE, convict, isSharedBy, nameOf } from "./mutants/convict.ts";
import { Edits, MutationError, mutantsOf, type Mutant } from "./mutants/mutant.ts";
import { fileProvider, memoryProvider } from "./sqlite-provider.ts";

const MUTANTS = mutantsOf("sqlite", BUGS);

/** `MILLRACE_MUTANTS=all` puts each mutant before every case; by default before those of its guarantee. */
const BREADTH = process.env["MILLRACE_MUTANTS"] === "all" ? "all" : "guarantee";

function providerFor(mutant: Mutant, { edit }: Edits): StoreProvider {
  const { wrap } = mutant;
  if (wrap !== undefined) return fileProvider({ edit, wrap });
  return isSharedBy(mutant) ? fileProvider({ edit }) : memoryProvider({ edit });
}

const verdictOn = (mutant: Mutant): ReturnType<typeof convict> => {
  const edits = new Edits(mutant.edits);
  return convict(mutant, providerFor(mutant, edits), edits, BREADTH);
};

describe("mutants", () => {
  const verdicts: string[] = [];
  afterAll(() => void process.stdout.write(`${verdicts.join("\n")}\n`));

  test.each(MUTANTS)("$guarantee: $bug", { timeout: 120_000 }, async (mutant) => {
    const { failed, passed } = await verdictOn(mutant);
    expect(failed).toContain(mutant.convictedBy);
    expect(passed, "a mutant has one bug, and works otherwise").toContain(ALIVE);
    const others = failed.length === 1 ? "" : ` and ${failed.length - 1} more`;
    verdicts.push(`${mutant.guarantee}: ${mutant.bug}\n    convicted by ${mutant.convictedBy}${others}`);
  });

  test("every mutant names a case that exists", () => {
    const names = CONFORMANCE_CASES.map(nameOf);
    for (const { convictedBy } of BUGS) expect(names).toContain(convictedBy);
    expect(new Set(names).size, "each case has a name of its own").toBe(names.length);
  });

  test("every bug is told once, and where a store cannot have it, why", () => {
    expect(new Set(BUGS.map(({ bug }) => bug)).size).toBe(BUGS.length);
    for (const { bug, sqlite, postgres } of BUGS) {
      const made = [sqlite, postgres].filter((each) => !("why" in each));
      expect(made.length, `${bug}: some store can have it`).toBeGreaterThan(0);
      for (const each of made) expect(Object.keys(each).length, `${bug}: it is made somehow`).toBeGreaterThan(0);
      for (const each of [sqlite, postgres]) if ("why" in each) expect(each.why).toMatch(/\w+ \w+ \w+/);
    }
  });

  test("every guarantee that a store can break has a mutant", () => {
    const broken = new Set(MUTANTS.map(({ guarantee }) => guarantee));
    expect([...broken].toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1)))).toEqual([
      "G1",
      "G2",
      "G3",
      "G4",
      "G5",
      "G6",
      "G7",
      "G8",
      "G9",
      "G11",
      "G12",
    ]);
  });

  const sound = { bug: "none", guarantee: "G1", convictedBy: "" } as const;

  test("a store with nothing broken passes every case a mutant is convicted by", async () => {
    for (const provider of [fileProvider(), fileProvider({ wrap: (store) => ({ ...store }) })]) {
      for (const each of CONFORMANCE_CASES) {
        if (!MUTANTS.some(({ convictedBy }) => convictedBy === nameOf(each))) continue;
        expect([nameOf(each), await runCase(each, provider)]).toEqual([nameOf(each), { status: "passed" }]);
      }
    }
  });

  const convictedBy = "claim: a claimed job is not claimed again, by anyone";

  test("an edit that finds nothing to change is an error, not a mutant", async () => {
    const edits = { CLAIM_START: ["no such text", ""] } as const;
    await expect(verdictOn({ ...sound, convictedBy, edits })).rejects.toThrow(MutationError);
  });

  test("an edit of which one change finds nothing is an error, however much the others change", async () => {
    const edits = {
      CLAIM_START: [
        ["token + 1", "attempt + 1"],
        ["no such text", ""],
      ],
    } as const;
    await expect(verdictOn({ ...sound, convictedBy, edits })).rejects.toThrow(/no such text/);
  });

  test("an edit that makes a statement unusable is an error, not a mutant", async () => {
    const edits = { CLAIM_START: ["millrace_ready", "millrace_nowhere"] } as const;
    await expect(verdictOn({ ...sound, convictedBy, edits })).rejects.toThrow(/does not run/);
  });

  test("an edit of a statement that nobody prepares is an error, not a mutant", async () => {
    const edits = { NO_SUCH_STATEMENT: ["a", "b"] } as const;
    await expect(verdictOn({ ...sound, convictedBy, edits })).rejects.toThrow(/NO_SUCH_STATEMENT/);
  });
});
