import type { GuaranteeId } from "../../../src/testing/index.ts";
import { BUGS } from "../../stores/mutants/bugs.ts";
import type { Breakage, Change, StoreKind } from "../../stores/mutants/mutant.ts";
import type { ClassicBug, Hunt } from "./classic-bug.ts";
import { huntByHistory, type HistoryHunt } from "./hunt-by-history.ts";

export type StoreHuntOptions = Partial<Pick<HistoryHunt, "provocation" | "shows" | "play">> & {
  readonly wasShipped?: boolean;
  /** Replaced in every change, so that the bug shows within the short times of a simulated crew. */
  readonly sooner?: Change;
};

type Made = Readonly<Record<StoreKind, Breakage | { readonly why: string }>>;

const KINDS: readonly StoreKind[] = ["sqlite", "postgres"];

/**
 * One of the bugs that the conformance cases convict as well, in every store that can have it.
 * @throws Error when there is none of that name
 */
export function storeBug(bug: string, options: StoreHuntOptions = {}): ClassicBug {
  const found = BUGS.find((each) => each.bug === bug);
  if (found === undefined) throw new Error(`there is no mutant of this name: ${bug}`);
  return madeBug(bug, found.guarantee, found, options);
}

/** A bug of which no conformance case tells, as it is put into every store that can have it. */
export function madeBug(bug: string, guarantee: GuaranteeId, made: Made, options: StoreHuntOptions = {}): ClassicBug {
  const { wasShipped = false, shows = [guarantee], provocation = "none", play, sooner } = options;
  const hunts = KINDS.flatMap((kind): readonly Hunt[] => {
    const breakage = made[kind];
    if ("why" in breakage) return [];
    const played = play === undefined ? {} : { play };
    return [huntByHistory({ kind, breakage: hastened(breakage, sooner), shows, provocation, ...played })];
  });
  return { bug, guarantee, wasShipped, hunts };
}

function hastened(breakage: Breakage, sooner: Change | undefined): Breakage {
  if (sooner === undefined || breakage.edits === undefined) return breakage;
  const [found, replacement] = sooner;
  const hasten = ([from, to]: Change): Change => [from, to.replaceAll(found, () => replacement)];
  const edits = Object.entries(breakage.edits).map(([name, changes]) => {
    const isOne = (given: Change | readonly Change[]): given is Change => typeof given[0] === "string";
    return [name, isOne(changes) ? hasten(changes) : changes.map(hasten)] as const;
  });
  return { ...breakage, edits: Object.fromEntries(edits) };
}
