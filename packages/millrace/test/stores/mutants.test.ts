import { afterAll, describe, expect, test } from "vitest";
import { CONFORMANCE_CASES, runCase, type ConformanceCase, type StoreProvider } from "../../src/testing/index.ts";
import { Edits, MutationError, type Mutant } from "./mutants/mutant.ts";
import { sqlMutants } from "./mutants/sql-mutants.ts";
import { wrapperMutants } from "./mutants/wrapper-mutants.ts";
import { fileProvider, memoryProvider } from "./sqlite-provider.ts";

const MUTANTS: readonly Mutant[] = [...sqlMutants, ...wrapperMutants];

/** `MILLRACE_MUTANTS=all` puts each mutant before every case; by default before those of its guarantee. */
const isThorough = process.env["MILLRACE_MUTANTS"] === "all";

/** A broken store may never answer; it is not waited for as long as a sound one. */
const LIMIT_MS = 5_000;

/** What every mutant can still do. */
const ALIVE = "enqueue: a job reads back as it was asked for";

const nameOf = (each: ConformanceCase): string => `${each.area}: ${each.name}`;

function casesFor({ guarantee, convictedBy }: Mutant): readonly ConformanceCase[] {
  return CONFORMANCE_CASES.filter(
    (each) => isThorough || [convictedBy, ALIVE].includes(nameOf(each)) || each.guarantees.includes(guarantee),
  );
}

function providerFor({ wrap, needsFile }: Mutant, edits: Edits): StoreProvider {
  if (wrap !== undefined) return fileProvider({ wrap });
  return needsFile === true ? fileProvider({ edit: edits.edit }) : memoryProvider({ edit: edits.edit });
}

/** Names of the cases that the mutant fails, and of those that it passes. @throws MutationError when it is no mutant */
async function convict(
  mutant: Mutant,
): Promise<{ readonly failed: readonly string[]; readonly passed: readonly string[] }> {
  const edits = new Edits(mutant.edits);
  const provider = providerFor(mutant, edits);
  const names = { failed: [] as string[], passed: [] as string[], skipped: [] as string[] };
  for (const each of casesFor(mutant)) {
    const verdict = await runCase(each, provider, LIMIT_MS);
    names[verdict.status].push(nameOf(each));
    if (verdict.status === "failed") refuseBrokenSql(verdict.error);
  }
  edits.assertApplied();
  return names;
}

/** SQL that does not run breaks no rule of the store; whatever fails by it convicts nobody. */
function refuseBrokenSql(error: Error): void {
  const isBroken = (error instanceof RangeError && /parameter/.test(error.message)) || codeOf(error) === "SQLITE_ERROR";
  if (isBroken) throw new MutationError(`the edited statement does not run: ${error.message}`, { cause: error });
}

function codeOf(error: Error): unknown {
  return "code" in error ? error.code : undefined;
}

describe("mutants", () => {
  const verdicts: string[] = [];
  afterAll(() => void process.stdout.write(`${verdicts.join("\n")}\n`));

  test.each(MUTANTS)("$guarantee: $bug", { timeout: 120_000 }, async (mutant) => {
    const { failed, passed } = await convict(mutant);
    expect(failed).toContain(mutant.convictedBy);
    expect(passed, "a mutant has one bug, and works otherwise").toContain(ALIVE);
    const others = failed.length === 1 ? "" : ` and ${failed.length - 1} more`;
    verdicts.push(`${mutant.guarantee}: ${mutant.bug}\n    convicted by ${mutant.convictedBy}${others}`);
  });

  test("every mutant names a case that exists", () => {
    const names = CONFORMANCE_CASES.map(nameOf);
    for (const { convictedBy } of MUTANTS) expect(names).toContain(convictedBy);
    expect(new Set(names).size, "each case has a name of its own").toBe(names.length);
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
    for (const wrap of [undefined, (store: Parameters<NonNullable<Mutant["wrap"]>>[0]) => ({ ...store })]) {
      const provider = providerFor({ ...sound, needsFile: true, ...(wrap === undefined ? {} : { wrap }) }, new Edits());
      for (const each of CONFORMANCE_CASES) {
        if (!MUTANTS.some(({ convictedBy }) => convictedBy === nameOf(each))) continue;
        expect([nameOf(each), await runCase(each, provider)]).toEqual([nameOf(each), { status: "passed" }]);
      }
    }
  });

  test("an edit that finds nothing to change is an error, not a mutant", async () => {
    const convictedBy = "claim: a claimed job is not claimed again, by anyone";
    const edits = { CLAIM_START: ["no such text", ""] } as const;
    await expect(convict({ ...sound, convictedBy, edits })).rejects.toThrow(MutationError);
  });

  test("an edit that makes a statement unusable is an error, not a mutant", async () => {
    const convictedBy = "claim: a claimed job is not claimed again, by anyone";
    const edits = { CLAIM_START: ["millrace_ready", "millrace_nowhere"] } as const;
    await expect(convict({ ...sound, convictedBy, edits })).rejects.toThrow(/does not run/);
  });

  test("an edit of a statement that nobody prepares is an error, not a mutant", async () => {
    const convictedBy = "claim: a claimed job is not claimed again, by anyone";
    const edits = { NO_SUCH_STATEMENT: ["a", "b"] } as const;
    await expect(convict({ ...sound, convictedBy, edits })).rejects.toThrow(/NO_SUCH_STATEMENT/);
  });
});
