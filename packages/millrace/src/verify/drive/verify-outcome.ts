import type { AuditReport } from "../../core/audit.ts";
import type { HistoryVerdict, HistoryViolation } from "../check/verdict.ts";
import type { Judgement } from "../check/linearize.ts";
import type { FaultName } from "../faults/fault.ts";

/** What came of a drive. */
export interface VerifyOutcome {
  /** "violated" where a guarantee was seen broken; "unknown" where that cannot be said, which is never a success. */
  readonly verdict: Judgement;
  readonly seed: number;
  /** One line for a shell that drives the same again. */
  readonly command: string;
  /** All that was found, by the history, by the data, and by what the crew itself has seen. */
  readonly violations: readonly HistoryViolation[];
  /** Why it is not known, a sentence each. */
  readonly unknown: readonly string[];
  /** `null` where it came to nothing that could be checked. */
  readonly history: HistoryVerdict | null;
  /** `null` where the data cannot be read: behind a server. */
  readonly audit: AuditReport | null;
  readonly figures: VerifyFigures;
  /** What the workload could not do on this store. */
  readonly leftOut: readonly string[];
  /** Holds the histories, the data and the report; `null` where all is well and nobody asked to keep it. */
  readonly folder: string | null;
  /** Where the data of a drive that did not go well still lies. */
  readonly kept: string | null;
}

export interface VerifyFigures {
  readonly jobs: number;
  /** Handlers that began, and those of them that never ended: their process died. */
  readonly handlers: number;
  readonly cutShort: number;
  readonly kills: number;
  /** Strikes of each fault. */
  readonly faults: Readonly<Partial<Record<FaultName, number>>>;
  /** Processes of the crew: workers and producers. */
  readonly processes: number;
  readonly seconds: { readonly driving: number; readonly draining: number; readonly checking: number };
}
