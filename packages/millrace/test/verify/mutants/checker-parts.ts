import type { HistoryViolation } from "../../../src/verify/check/verdict.ts";

/** What judges a guarantee that is not a matter of one job and its order of calls. */
const PARTS: Readonly<Record<string, string>> = {
  G3: "presence",
  G4: "numbers",
  G5: "timeline",
  G7: "cancels",
  G9: "recovery",
  G10: "bounds",
  G11: "transactions",
  G12: "order",
};

/** The part of the checker that found a violation, for people. */
export function partOf({ guarantee, message }: Pick<HistoryViolation, "guarantee" | "message">): string {
  if (message.endsWith("cannot all be true")) return "linearizability";
  return PARTS[guarantee] ?? "linearizability";
}
