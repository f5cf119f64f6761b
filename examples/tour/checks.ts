import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type { AuditReport, Job } from "millrace";
import type { PlannedJob } from "./plan.ts";

export interface Check {
  readonly claim: string;
  /** What is against it; empty when it holds. */
  readonly against: readonly string[];
}

/** What should be true when all is over. */
export function checkAll(planned: readonly PlannedJob[], jobs: readonly Job[], report: AuditReport): readonly Check[] {
  const done = jobs.filter(({ state }) => state === "completed");
  return [
    {
      claim: `all ${planned.length} jobs ended as they should`,
      against: [
        ...(jobs.length === planned.length ? [] : [`there are ${jobs.length} jobs`]),
        ...jobs.flatMap((job, at) => {
          const expected = planned[at]?.expected;
          return job.state === expected
            ? []
            : [`${nameOf(job)} is ${job.state}, not ${expected}: ${job.error?.message ?? ""}`];
        }),
      ],
    },
    {
      claim: `their numbers are 1 to ${planned.length}, without a gap`,
      against: jobs
        .filter((job, at) => job.number !== at + 1)
        .map((job) => `${nameOf(job)} has the number ${job.number}`),
    },
    {
      claim: "the flaky one needed three attempts, the broken one had one, and the slow one was stopped while it ran",
      against: jobs
        .filter((job) => !oddOneIsRight(job))
        .map((job) => `${nameOf(job)}: attempt ${job.attempt}, ${job.state}`),
    },
    {
      claim: "every file that a result names is there, and every checksum is right",
      against: done.filter((job) => !resultIsRight(job)).map((job) => `${nameOf(job)}: ${JSON.stringify(job.result)}`),
    },
    {
      claim: `verify: ${report.jobs} jobs checked, no promise broken`,
      against: report.violations.map(({ guarantee, message, rows }) => `${guarantee}: ${message} (${rows.join(", ")})`),
    },
  ];
}

function oddOneIsRight({ kind, attempt, state, startedAt, cancelReason }: Job): boolean {
  if (kind === "flaky") return attempt === 3;
  if (kind === "broken") return attempt === 1 && state === "failed";
  if (kind === "slow") return startedAt !== null && cancelReason !== null;
  return true;
}

function resultIsRight({ kind, payload, result }: Job): boolean {
  const { output, sha256 } = result as { readonly output?: string; readonly sha256?: string };
  if (output === undefined || !existsSync(output)) return false;
  if (kind !== "checksum") return true;
  const { file } = payload as { readonly file: string };
  return sha256 === createHash("sha256").update(readFileSync(file)).digest("hex");
}

function nameOf({ kind, number }: Job): string {
  return `${kind} #${number}`;
}
