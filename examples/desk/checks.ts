import { styleText } from "node:util";
import type { AuditReport, Job } from "millrace";
import type { Drained, ScriptIndex } from "./scripts.ts";
import type { ByHandReport } from "./work-by-hand.ts";

export interface Facts {
  readonly index: ScriptIndex;
  /** In the order of their numbers. */
  readonly jobs: readonly Job[];
  readonly drained: Drained;
  readonly byHand: ByHandReport;
  readonly audit: AuditReport;
}

type Claim = readonly [claim: string, isSo: boolean, otherwise: string];

/** Says what is so and what is not. @returns whether all is as it should be */
export function checkAll({ index, jobs, drained, byHand, audit }: Facts): boolean {
  const claims: readonly Claim[] = [
    [
      `four scripts were found, and one of them by "links"`,
      index.scripts.length === 4 && index.found.map(({ name }) => name).join() === "check-links",
      `found were ${index.found.map(({ name }) => name).join(", ")}`,
    ],
    [
      "the watcher ran docs#1 to docs#4 in their order, and ended when nothing was left to run",
      drained.first.exitCode === 0 && areInOrder(jobs.slice(0, 4)),
      drained.first.stderr,
    ],
    [
      "a second watcher of the queue was refused, and told the PID of the first",
      drained.second.exitCode === 5 && drained.second.stderr.includes(`already running (PID ${drained.first.pid} `),
      drained.second.stderr,
    ],
    ...byHandClaims(jobs, byHand),
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

function byHandClaims(jobs: readonly Job[], byHand: ByHandReport): readonly Claim[] {
  const [read, late, more, retried] = jobs.slice(4);
  const { events, lateCompletion, lateReports, adopted, watcher, locks } = byHand;
  const msTo = (type: string): number => atOf(events, type) - (late?.startedAt?.getTime() ?? Number.NaN);
  return [
    [
      "docs#5 was claimed, and completed with a summary",
      read?.state === "completed" && JSON.stringify(read.result) === '{"summary":"two commas, one link"}',
      JSON.stringify(read),
    ],
    [
      "docs#6 was warned of once after 1 s, and failed after 2 s",
      events.map(({ type }) => type).join() === "enqueued,started,warned,failed" &&
        isAbout(msTo("warned"), 1_000) &&
        isAbout(msTo("failed"), 2_000),
      `it was warned of after ${msTo("warned")} ms, and failed after ${msTo("failed")} ms: ${JSON.stringify(events)}`,
    ],
    [
      "its late completion was refused, kept, and adopted by docs#8",
      lateCompletion.exitCode === 5 &&
        late?.state === "failed" &&
        lateReports.length === 1 &&
        adopted.id === retried?.id &&
        retried.retryOf === late.id &&
        JSON.stringify(retried.result) === lateReports[0]?.report,
      lateCompletion.stderr,
    ],
    [
      "docs#7 was run as soon as it was enqueued, by a watcher that went with SIGTERM and took its lock along",
      more?.state === "completed" && watcher.exitCode === 0 && locks.length === 0,
      `${watcher.stderr} ${locks.join()}`,
    ],
  ];
}

function areInOrder(jobs: readonly Job[]): boolean {
  const starts = jobs.map(({ startedAt }) => startedAt?.getTime() ?? 0);
  return jobs.every(({ state }, at) => state === "completed" && (starts[at] ?? 0) >= (starts[at - 1] ?? 1));
}

function atOf(events: ByHandReport["events"], type: string): number {
  return events.find((event) => event.type === type)?.at.getTime() ?? Number.NaN;
}

/** Who looks comes by twice a second; a busy machine lets it wait. */
function isAbout(ms: number, expected: number): boolean {
  return ms >= expected && ms < expected + 2_500;
}
