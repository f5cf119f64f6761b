import { answerTo } from "../history/calls.ts";
import type { AttemptEnd } from "../history/entry.ts";
import type { JobId } from "../../core/job.ts";
import { isFinal } from "../../core/states.ts";
import type { Evidence } from "./evidence.ts";
import type { Told } from "./findings.ts";
import type { FinalJob } from "./verdict.ts";

/**
 * G5: created, started, finished, in this order; and so each attempt, and one after the other, unless the clock of the
 * store was set meanwhile.
 */
export function checkTimes({ jobs, findings, troubles }: Evidence): void {
  for (const { id, createdAt, startedAt, finishedAt, attempts = [] } of jobs.values()) {
    findings.judged("G5");
    const started = ["started", startedAt] as const;
    const orders: (readonly Moment[])[] = [
      [["created", createdAt], started, ["finished", finishedAt]],
      ...attempts.map(({ token, startedAt: from, endedAt }) => [
        started,
        [`attempt ${token} started`, from] as const,
        [`attempt ${token} ended`, endedAt] as const,
      ]),
    ];
    const inTurn: readonly Moment[] = [
      ...attempts.flatMap(({ token, startedAt: from, endedAt }): readonly Moment[] => [
        [`attempt ${token} started`, from],
        [`attempt ${token} ended`, endedAt],
      ]),
      ["finished", finishedAt],
    ];
    if (troubles.clockSteps.length === 0) orders.push(inTurn);
    const message = orders.map(backwards).find((each) => each !== undefined);
    if (message !== undefined) findings.violated("G5", `${id} ran backwards: ${message}`, [id], []);
  }
}

type Moment = readonly [what: string, at: Date | null];

/** Where times that should follow each other do not. */
function backwards(moments: readonly Moment[]): string | undefined {
  const times = moments.flatMap(([what, at]) => (at === null ? [] : [{ what, at }]));
  const wrong = times.findIndex(({ at }, i) => at < (times[i - 1]?.at ?? at));
  const [before, after] = [times[wrong - 1], times[wrong]];
  if (before === undefined || after === undefined) return undefined;
  return `${after.what} ${before.at.getTime() - after.at.getTime()} ms before ${before.what}`;
}

/**
 * G1, G2: each claim of a job has a token of its own and leaves one record, but for the last, which is the outcome. So
 * the tokens of the attempts are 1 to n, and the one that ended the job is n + 1.
 */
export function checkTokens({ history, jobs, findings }: Evidence): void {
  const counts = new Map<JobId, number>();
  for (const job of jobs.values()) {
    const { id, attempts } = job;
    if (attempts === undefined) continue;
    findings.judged("G2");
    counts.set(id, attempts.length);
    const wrong = attempts.findIndex(({ token }, i) => token !== i + 1);
    if (wrong < 0) continue;
    const message = `the ${wrong + 1}. attempt of ${id} that is on record has token ${attempts[wrong]?.token}`;
    findings.violated("G2", message, [id], []);
  }
  for (const { operation, answer, from, until, process } of history.calls) {
    const tell = (said: string): readonly Told[] => [{ from, until, process, said }];
    for (const { job, token } of answerTo("claim", answer)?.leases ?? []) {
      const count = counts.get(job);
      if (count === undefined || token <= mostTokens(jobs.get(job), count)) continue;
      const message = `${job} was claimed under token ${token}, and only ${count} attempts before its last are on record`;
      findings.violated("G2", message, [job], tell(`claimed ${job} under token ${token}`));
    }
    const settledEnds: readonly AttemptEnd[] =
      operation.name === "settle"
        ? operation.ends.filter((_, i) => answerTo("settle", answer)?.statuses[i] === "settled")
        : operation.name === "transact" && operation.to === "commit" && answer?.name === "transact"
          ? operation.ends
          : [];
    for (const { job, token, to } of settledEnds) {
      const count = counts.get(job);
      if (count === undefined || (to === "waiting" ? token <= count : token === count + 1)) continue;
      const which = to === "waiting" ? "has no record of it" : `its outcome is that of token ${count + 1}`;
      findings.violated(
        "G2",
        `${job} was settled as ${to} under token ${token}, and ${which}`,
        [job],
        tell(`settled ${job} as ${to} under token ${token}: settled`),
      );
    }
  }
}

/** A job that has ended or runs may have one claim more than its records tell. */
function mostTokens(job: FinalJob | undefined, count: number): number {
  return job !== undefined && (isFinal(job.state) || job.state === "running") ? count + 1 : count;
}
