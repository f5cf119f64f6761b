import { readdirSync, statSync } from "node:fs";
import { styleText } from "node:util";
import type { AttemptRecord, AuditReport, Explanation, Job } from "millrace";
import { CANCELLED, KILLED, LINES, MISSING_LABEL } from "./plan.ts";
import { isLiving } from "./processes.ts";

export interface Facts {
  /** All of them, by number. */
  readonly jobs: readonly Job[];
  /** Of the job whose worker was killed, the attempts before the last. */
  readonly lost: readonly AttemptRecord[];
  /** Of the job that nobody can run. */
  readonly explanation: Explanation;
  /** Where the outputs are. */
  readonly folder: string;
  /** In which scripts have run. */
  readonly processes: readonly number[];
  readonly audit: AuditReport;
}

/** Two workers may be answered at the same moment. */
const SAME_MOMENT_MS = 50;

/** Says what is so and what is not. @returns whether all is as it should be */
export function checkAll({ jobs, lost, explanation, folder, processes, audit }: Facts): boolean {
  const counts = Object.entries(Object.groupBy(jobs, ({ state }) => state)).map(
    ([state, some]) => `${some.length} ${state}`,
  );
  const [rerun, cancelled] = [jobs[KILLED - 1], jobs[CANCELLED - 1]];
  const wrongOutputs = jobs.filter((job) => job.state === "completed" && !hasOutput(job));
  const partial = readdirSync(folder).filter((name) => name.endsWith(".part"));
  const living = processes.filter(isLiving);
  const claims: readonly (readonly [claim: string, isSo: boolean, otherwise: string])[] = [
    [
      `${jobs.length} jobs in ${LINES.length} lines have the numbers 1 to ${jobs.length}, without a gap`,
      jobs.every(({ number }, at) => number === at + 1),
      jobs.map(({ number }) => number).join(" "),
    ],
    [
      "10 completed, 1 cancelled, 1 queued",
      ["10 completed", "1 cancelled", "1 queued"].every((count) => counts.includes(count)),
      counts.join(", "),
    ],
    ["what came last and was most urgent ran first", isInOrder(jobs), "see when they started"],
    [
      `the job of the worker that was killed (#${KILLED}) completed on attempt 2, at another worker`,
      rerun?.attempt === 2 && lost[0]?.ending === "lost" && lost[0].worker !== rerun.worker,
      `attempt ${rerun?.attempt}, before it ${JSON.stringify(lost)}`,
    ],
    [
      `the one that was cancelled (#${CANCELLED}) was stopped, and says why`,
      cancelled?.state === "cancelled" && cancelled.cancelReason !== null && cancelled.startedAt !== null,
      `it is ${cancelled?.state}`,
    ],
    [
      "the one that nobody can run waits, holds up nobody, and says which label is missing",
      explanation.sentences.some((sentence) => sentence.includes(`"${MISSING_LABEL}"`)),
      explanation.sentences.join(" "),
    ],
    [
      "every output is there, whole, and no partial one",
      wrongOutputs.length + partial.length === 0,
      [...wrongOutputs.map(({ number }) => `#${number}`), ...partial].join(", "),
    ],
    [
      "no process is left, that of the killed worker's script included",
      processes.length >= 12 && living.length === 0,
      `of ${processes.length} live ${living.join(", ")}`,
    ],
    [`verify: ${audit.jobs} jobs checked, no promise broken`, audit.violations.length === 0, JSON.stringify(audit)],
  ];
  console.log();
  for (const [claim, isSo, otherwise] of claims) {
    console.log(
      isSo ? `  ${styleText("green", "✔")} ${claim}` : `  ${styleText("red", "✘")} NOT: ${claim}; ${otherwise}`,
    );
  }
  return claims.every(([, isSo]) => isSo);
}

function hasOutput({ result }: Job): boolean {
  const { output, bytes } = result as { readonly output: string; readonly bytes: number };
  return bytes > 0 && statSync(output, { throwIfNoEntry: false })?.size === bytes;
}

/** Whether those that any worker can run have started by line, then by priority, then by number. */
function isInOrder(jobs: readonly Job[]): boolean {
  const rank = ({ queue }: Job): number => LINES.findIndex((line) => line === queue);
  const free = jobs.filter(({ requires }) => requires.length === 0);
  const inTurn = free.toSorted(
    (a, b) => rank(a) - rank(b) || b.priority - a.priority || (a.number ?? 0) - (b.number ?? 0),
  );
  const starts = inTurn.map(({ startedAt }) => startedAt?.getTime() ?? Number.NaN);
  return starts.every((start, at) => at === 0 || start >= (starts[at - 1] ?? 0) - SAME_MOMENT_MS);
}
