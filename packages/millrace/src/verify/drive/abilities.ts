import type { FaultName } from "../faults/fault.ts";
import { isServerUrl } from "./store-url.ts";

/** What the workload may do on a store. */
export interface Abilities {
  /** Transactions of the crew's own, by its own connection. */
  readonly transactions: "sqlite" | "postgres" | null;
  /** Whether a process may end itself in the middle of one. */
  readonly mayDie: boolean;
  /** Whether the crew's processes fire schedules, and so record what comes of them. */
  readonly hasSchedules: boolean;
  readonly hasRetention: boolean;
  readonly hasAudit: boolean;
}

export function abilitiesOf(url: string, faults: readonly FaultName[]): Abilities {
  const isDirect = !isServerUrl(url);
  return {
    transactions: !isDirect ? null : url.startsWith("sqlite:") ? "sqlite" : "postgres",
    mayDie: faults.includes("kill"),
    hasSchedules: isDirect,
    hasRetention: isDirect,
    hasAudit: isDirect,
  };
}

/** What the workload leaves out, in words. */
export function leftOut({ transactions, hasSchedules, hasRetention, hasAudit }: Abilities): readonly string[] {
  return [
    ...(transactions === null ? ["transactions of a caller"] : []),
    ...(hasSchedules ? [] : ["schedules"]),
    ...(hasRetention ? [] : ["retention"]),
    ...(hasAudit ? [] : ["the audit of the data"]),
  ];
}
