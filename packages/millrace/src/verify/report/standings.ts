import type { HistoryVerdict } from "../check/verdict.ts";
import { PROMISES } from "./promises.ts";

/** How one promise came through a run. */
export interface Standing {
  readonly guarantee: string;
  /** `null` where a history has nothing to judge it by, whatever happened. */
  readonly judged: number | null;
  readonly violated: number;
  readonly unknown: number;
}

/**
 * One for each promise, in their order, and for what else was found broken. What was found by other means than the
 * history counts as well: no promise is kept of which a violation is told.
 */
export function standingsOf({ guarantees, violations, unknown }: HistoryVerdict): readonly Standing[] {
  const names = [...Object.keys(PROMISES), ...violations.map(({ guarantee }) => guarantee)];
  return [...new Set(names)].map((guarantee) => {
    const verdict = guarantees.find((each) => each.guarantee === guarantee);
    const told = (all: readonly { readonly guarantee: string }[]): number =>
      all.filter((each) => each.guarantee === guarantee).length;
    return {
      guarantee,
      judged: verdict?.judged ?? null,
      violated: Math.max(verdict?.violated ?? 0, told(violations)),
      unknown: Math.max(verdict?.unknown ?? 0, told(unknown)),
    };
  });
}
