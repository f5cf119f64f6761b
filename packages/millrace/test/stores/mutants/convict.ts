import { CONFORMANCE_CASES, runCase, type ConformanceCase, type StoreProvider } from "../../../src/testing/index.ts";
import { MutationError, type Edits, type Mutant } from "./mutant.ts";

/** What every mutant can still do. */
export const ALIVE = "enqueue: a job reads back as it was asked for";

/** A broken store may never answer; it is not waited for as long as a sound one. */
const SILENCE_MS = 5_000;

/**
 * Which cases a mutant is put before: the one that must convict it and the one that it must pass, besides these those
 * of its guarantee, or all there are.
 */
export type Breadth = "convicting" | "guarantee" | "all";

export interface Verdict {
  readonly failed: readonly string[];
  readonly passed: readonly string[];
}

export const nameOf = (each: ConformanceCase): string => `${each.area}: ${each.name}`;

function casesFor({ guarantee, convictedBy }: Mutant, breadth: Breadth): readonly ConformanceCase[] {
  return CONFORMANCE_CASES.filter(
    (each) =>
      breadth === "all" ||
      [convictedBy, ALIVE].includes(nameOf(each)) ||
      (breadth === "guarantee" && each.guarantees.includes(guarantee)),
  );
}

/** Whether the case that must convict it needs a store that others can open. */
export function isSharedBy({ convictedBy }: Mutant): boolean {
  return CONFORMANCE_CASES.some((each) => nameOf(each) === convictedBy && (each.needs ?? []).includes("isShared"));
}

/**
 * Names of the cases that the mutant fails, and of those that it passes.
 * @param provider opens stores with the mutant's bug, through these edits
 * @throws MutationError when it is no mutant
 */
export async function convict(
  mutant: Mutant,
  provider: StoreProvider,
  edits: Edits,
  breadth: Breadth,
): Promise<Verdict> {
  const names = { failed: [] as string[], passed: [] as string[], skipped: [] as string[] };
  for (const each of casesFor(mutant, breadth)) {
    const isSilent = mutant.isSilent === true && nameOf(each) !== ALIVE;
    const verdict = await runCase(each, provider, isSilent ? SILENCE_MS : undefined);
    names[verdict.status].push(nameOf(each));
    if (verdict.status !== "failed") continue;
    refuseBrokenSql(verdict.error);
    if (nameOf(each) === mutant.convictedBy) refuseWrongSilence(verdict.error, mutant.isSilent === true);
  }
  edits.assertApplied();
  return names;
}

/** SQL that does not run breaks no rule of the store, nor does a server that is away; what fails by it convicts nobody. */
function refuseBrokenSql(error: Error): void {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if (!isBrokenSql(each) && !isOutage(each)) continue;
    throw new MutationError(`the edited statement does not run: ${each.message}`, { cause: error });
  }
}

function isBrokenSql(error: Error): boolean {
  // A class of SQLSTATE: what the server cannot read, or finds no table or column for.
  if (codeOf(error) === "SQLITE_ERROR" || codeOf(error).startsWith("42")) return true;
  return error instanceof RangeError && /parameter/.test(error.message);
}

/** What the store takes for one as well: a statement with more or fewer parameters than it is given. */
function isOutage(error: Error): boolean {
  return codeOf(error) === "store_unavailable" || error.message.includes("no connection was free");
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

/** A machine that is busy makes a case slow, which says nothing about the store. */
function refuseWrongSilence(error: Error, isExpected: boolean): void {
  if (isExpected || !error.message.startsWith("the case was not over after")) return;
  throw new MutationError(`it was to be convicted by what it does, and ${error.message}`, { cause: error });
}
