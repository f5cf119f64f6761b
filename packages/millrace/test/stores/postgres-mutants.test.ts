import { afterAll, describe, expect, test } from "vitest";
import { SchemaPool } from "../postgres/schema-pool.ts";
import { missingPostgres } from "../postgres/test-database.ts";
import { BUGS } from "./mutants/bugs.ts";
import { ALIVE, convict, type Verdict } from "./mutants/convict.ts";
import { makeEditedTables } from "./mutants/edited-tables.ts";
import { Edits, MutationError, mutantsOf, type Mutant } from "./mutants/mutant.ts";
import { postgresProvider, type PostgresProvider } from "./postgres-provider.ts";

const MUTANTS = mutantsOf("postgres", BUGS);

/** By default a mutant is put before the case that must convict it; with `MILLRACE_MUTANTS=all`, those of its guarantee. */
const isThorough = process.env["MILLRACE_MUTANTS"] === "all";
const BREADTH = isThorough ? "guarantee" : "convicting";
const LIMIT_MS = isThorough ? 900_000 : 120_000;

/** Those first that wait: for somebody whom they should not wait for, or for a word that is never said. */
const IN_ORDER = MUTANTS.toSorted((a, b) => Number(waits(b)) - Number(waits(a)));

function waits({ guarantee, isSilent = false }: Mutant): boolean {
  return isSilent || guarantee === "G10";
}

describe.skipIf(missingPostgres() !== undefined)("mutants on PostgreSQL", () => {
  const schemas = new SchemaPool();
  const verdicts: string[] = [];
  afterAll(async () => {
    await schemas.dispose();
    process.stdout.write(`${verdicts.join("\n")}\n`);
  });

  /** Whoever changes the tables, or works beside the store, has a schema of its own; the others share some. */
  function providerFor({ wrap }: Mutant, edits: Edits): PostgresProvider {
    const { edit } = edits;
    const front = wrap === undefined ? {} : { wrap };
    if (!edits.has("MIGRATION_1")) return postgresProvider(wrap === undefined ? { edit, schemas } : { edit, ...front });
    return postgresProvider({ edit, ...front, makeTables: (schema) => makeEditedTables(schema, edits) });
  }

  async function verdictOn(mutant: Mutant): Promise<Verdict> {
    const edits = new Edits(mutant.edits);
    const provider = providerFor(mutant, edits);
    try {
      return await convict(mutant, provider, edits, BREADTH);
    } finally {
      await provider.dispose();
    }
  }

  /** A mutant that loses races only may win one now and then. */
  async function convicted(mutant: Mutant, tries = 5): Promise<Verdict> {
    const verdict = await verdictOn(mutant);
    return tries === 1 || verdict.failed.includes(mutant.convictedBy) ? verdict : convicted(mutant, tries - 1);
  }

  test.concurrent.each(IN_ORDER)("$guarantee: $bug", { timeout: LIMIT_MS }, async (mutant) => {
    const { failed, passed } = await convicted(mutant);
    expect(failed).toContain(mutant.convictedBy);
    expect(passed, "a mutant has one bug, and works otherwise").toContain(ALIVE);
    const others = failed.length === 1 ? "" : ` and ${failed.length - 1} more`;
    verdicts.push(`${mutant.guarantee}: ${mutant.bug}\n    convicted by ${mutant.convictedBy}${others}`);
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
      "G10",
      "G11",
      "G12",
    ]);
  });

  const convictedBy = "claim: a claimed job is not claimed again, by anyone";
  const sound = { bug: "none", guarantee: "G1", convictedBy } as const;

  test("a store with a copy in front of it is convicted by nothing", async () => {
    const { failed } = await verdictOn({ ...sound, wrap: (store) => ({ ...store }) });
    expect(failed).toEqual([]);
  });

  test("an edit that finds nothing to change is an error, not a mutant", async () => {
    await expect(verdictOn({ ...sound, edits: { CLAIM_TAKE: ["no such text", ""] } })).rejects.toThrow(MutationError);
    await expect(verdictOn({ ...sound, edits: { MIGRATION_1: ["no such text", ""] } })).rejects.toThrow(MutationError);
  });

  test.concurrent.each([
    ["names no table", ["millrace.ready y", "millrace.nowhere y"]],
    ["cannot be read", ["RETURNING y.*", "RETURNING"]],
    ["leaves a parameter without a use", ["t.now + $10::text::bigint", "t.now"]],
  ] as const)("an edit by which a statement %s is an error, not a mutant", async (_, change) => {
    await expect(verdictOn({ ...sound, edits: { CLAIM_TAKE: change } })).rejects.toThrow(/does not run/);
  });
});
