import type { AuditReport } from "../../core/audit.ts";
import type { WitnessedJob } from "./witnesses.ts";

/** What is read once nobody works any more. */
export interface Remains {
  readonly jobs: readonly WitnessedJob[];
  readonly notes: readonly string[];
  readonly audit: AuditReport | null;
  /** Names of workers that were still taken for alive when they no longer could be. */
  readonly undead: readonly string[];
}
