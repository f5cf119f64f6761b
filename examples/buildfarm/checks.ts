import { styleText } from "node:util";
import type { AuditReport } from "millrace";
import type { Outcome } from "./outcome.ts";
import type { Story } from "./story.ts";

export interface Facts {
  readonly story: Story;
  readonly outcomes: readonly Outcome[];
  readonly filesWithKey: readonly string[];
  readonly audit: AuditReport;
}

type Claim = readonly [claim: string, isSo: boolean, otherwise: unknown];

/** Says what is so and what is not. @returns whether all is as it should be */
export function checkAll(facts: Facts): boolean {
  const claims = claimsOf(facts);
  console.log();
  for (const [claim, isSo, otherwise] of claims) {
    console.log(
      isSo
        ? `  ${styleText("green", "✔")} ${claim}`
        : `  ${styleText("red", "✘")} NOT: ${claim}; ${JSON.stringify(otherwise)}`,
    );
  }
  return claims.every(([, isSo]) => isSo);
}

function claimsOf({ story, outcomes, filesWithKey, audit }: Facts): readonly Claim[] {
  const [killed, frozen, left, cancelled] = outcomes as [Outcome, Outcome, Outcome, Outcome];
  const [late, retried] = outcomes.slice(-2) as [Outcome, Outcome];
  const done = outcomes.filter(({ job }) => job.state === "completed");
  const { unfit, refusals, followed } = story;
  return [
    [
      "ten builds, 1 to 10: nine completed, one cancelled; its retry is number 11, from the same source",
      done.length === 10 &&
        outcomes.every(({ job }, at) => job.number === at + 1) &&
        cancelled.job.state === "cancelled" &&
        cancelled.job.cancelledBy === "ada" &&
        retried.job.retryOf === cancelled.job.id,
      outcomes.map(({ job }) => [job.number, job.state]),
    ],
    [
      "each package was sent by the machine that completed its build, and bears a good signature",
      done.every(({ isSigned, sentBy, job }) => isSigned === true && sentBy === job.worker) &&
        cancelled.isSigned === undefined,
      outcomes.map(({ isSigned, sentBy, job }) => [job.number, isSigned, sentBy, job.worker]),
    ],
    [
      "a machine was killed, and one froze and was refused when it spoke up: others built what they had",
      [killed, frozen].every(({ before, job }) => before.includes("lost") && job.attempt > 1),
      [killed.before, frozen.before],
    ],
    [
      "a machine left, and one build came before its source: neither cost an attempt",
      left.before.includes("released") && late.before.includes("snoozed") && costsOf(left) + costsOf(late) === 0,
      [left, late].map(({ job, before }) => [job.attempt, before]),
    ],
    [
      "a source that nobody can unpack is refused once, for good",
      unfit.state === "failed" &&
        unfit.attempt === 1 &&
        unfit.error?.message === "Assignment failed: the source is no gzip archive",
      [unfit.state, unfit.error],
    ],
    [
      "logs were read as they came, to the end of a build that was cancelled, too",
      followed.completed > 0 && done.every(({ logLines }) => logLines > 0),
      followed,
    ],
    ["nobody opens another's build", refusals.every((code) => code === "forbidden"), refusals],
    ["the signing key lies nowhere on disk", filesWithKey.length === 0, filesWithKey],
    [`verify: ${audit.jobs} jobs checked, no promise broken`, audit.violations.length === 0, audit.violations],
  ];
}

/** Attempts that are not accounted for by a machine that was slow to answer. */
function costsOf({ before, job }: Outcome): number {
  return job.attempt - 1 - before.filter((ending) => ending === "lost").length;
}
