import { show } from "../../core/options.ts";
import type { RecordCounts, TransferRecord } from "../../core/transfer.ts";

/** Why a store keeps no second record with the same name. */
export function duplicateProblem(record: TransferRecord, isNumber: boolean): string {
  switch (record.type) {
    case "queue":
    case "schedule":
      return `a ${record.type} of this name came before it`;
    case "counter":
      return "a counter of this scope came before it";
    case "apiKey":
      return "an API key of this id, or with this digest, came before it";
    case "webhook":
      return "a webhook of this id came before it";
    case "job":
      return isNumber
        ? `its number ${record.number} is that of another job of the scope ${show(record.scope)}`
        : "a job of this id came before it";
    case "attempt":
      return `an attempt of this job with the token ${record.token} came before it`;
    case "log":
      return `a line ${record.sequence} of this job came before it`;
    case "artifact":
      return "an artifact of this job with this name came before it";
    case "lateReport":
      return `a late report of this job with the token ${record.token} came before it`;
  }
}

export const keyProblem = (key: string): string => `its key ${show(key)} is that of an earlier job that has not ended`;

/** What a record refers to must have come before it. */
export function missingProblem(what: "queue" | "scope" | "job", name: string): string {
  const missing = what === "scope" ? "counter" : what;
  return `it names the ${what} ${show(name)}, and no ${missing} of that ${what === "job" ? "id" : "name"} came before it`;
}

/** The rules of the schema are the last to look, so what they find has no better words. */
export const ruleProblem = (said: string): string => `the store's rules refuse it: ${said}`;

/** A store that is to be filled must have nothing that could be meant by two records. */
export function presentThings(present: RecordCounts): string {
  return (["job", "queue", "counter", "schedule", "apiKey", "webhook"] as const)
    .filter((type) => present[type] > 0)
    .map((type) => `${present[type]} ${type === "apiKey" ? "API key" : type}${present[type] === 1 ? "" : "s"}`)
    .join(", ");
}
