import type { HistoryVerdict } from "../check/verdict.ts";
import type { RunFacts } from "./run-facts.ts";
import type { RunSummary } from "./run-summary.ts";

/** All that a report tells. */
export interface Report {
  readonly facts: RunFacts;
  /** What `summarize()` made of the history. */
  readonly summary: RunSummary;
  /** Its violations may hold what was found by other means than the history, too. */
  readonly verdict: HistoryVerdict;
  /** Why not all is known, apart from what the verdict itself says, a sentence each. @default none */
  readonly doubts?: readonly string[];
  /** What the workload could not do on this store, in a few words each. @default nothing */
  readonly leftOut?: readonly string[];
  /** Handlers that began, and those of them that never ended since their process died. @default not told */
  readonly handlers?: { readonly handlers: number; readonly cutShort: number };
}
