import { checkHistory } from "../check/check-history.ts";
import type { HistoryViolation } from "../check/verdict.ts";
import type { RunFacts } from "../report/run-facts.ts";
import { summarize } from "../report/run-summary.ts";
import type { Crash } from "./crew-member.ts";
import type { HandlerLine } from "./handler-line.ts";
import { LEASE_MS, type Places } from "./messages.ts";
import { readHistory } from "./recorded-run.ts";
import type { Driven } from "./run-drive.ts";
import type { VerifyFigures, VerifyOutcome } from "./verify-outcome.ts";
import type { Remains } from "./remains.ts";
import { attemptFindings, countHandlers, handlerFindings, noteFindings } from "./witnesses.ts";
import { writeReport } from "./write-report.ts";

interface Evidence {
  readonly folder: string;
  readonly driven: Driven;
  /** `null` where the drive was stopped. */
  readonly remains: Remains | null;
  readonly crashes: readonly Crash[];
  readonly facts: RunFacts;
  readonly leftOut: readonly string[];
  readonly places: Places;
  readonly hasOwnClock: boolean;
}

type Judged = Pick<VerifyOutcome, "verdict" | "violations" | "unknown" | "history" | "audit"> & {
  readonly figures: Pick<VerifyFigures, "jobs" | "handlers" | "cutShort">;
};

/** Hold all that was recorded, told and found against the guarantees. */
export function judgeDrive(evidence: Evidence): Judged {
  const { folder, driven, remains, crashes, facts, leftOut } = evidence;
  const run = readHistory(folder);
  const history = remains === null ? null : checkHistory(run.entries, run.jobs);
  const ownFindings = [
    ...crashes.map(crashFinding),
    ...(remains === null ? [] : foundIn(remains, run.handlers, evidence)),
  ];
  const violations: readonly HistoryViolation[] = [
    ...(history?.violations ?? []),
    ...ownFindings,
    ...(remains?.audit?.violations ?? []).map((violation) => ({ ...violation, story: [] })),
  ];
  const doubts = [
    ...(driven.isStopped ? ["it was stopped before its end"] : []),
    ...(driven.left > 0 && !driven.isStopped
      ? [`${driven.left} ${driven.left === 1 ? "job" : "jobs"} had not ended when there was no more time`]
      : []),
    ...(remains?.audit?.verdict === "unknown"
      ? ["the data was more than could be looked at in the time there was"]
      : []),
  ];
  const unknown = [
    ...doubts,
    ...(history?.unknown ?? []).map(({ guarantee, about, why }) => `${guarantee}: ${about}: ${why}`),
  ];
  const handlers = countHandlers(run.handlers);
  const verdict = violations.length > 0 ? "violated" : unknown.length > 0 ? "unknown" : "ok";
  if (history !== null)
    writeReport(folder, {
      facts,
      summary: summarize(run.entries),
      verdict: { ...history, judgement: verdict, violations },
      doubts,
      leftOut,
      handlers,
    });
  return {
    verdict,
    violations,
    unknown,
    history,
    audit: remains?.audit ?? null,
    figures: { jobs: remains?.jobs.length ?? 0, ...handlers },
  };
}

function foundIn(
  { jobs, notes, undead }: Remains,
  handlers: Iterable<HandlerLine>,
  { places, hasOwnClock }: Evidence,
): readonly HistoryViolation[] {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const found = [
    ...handlerFindings(handlers),
    ...attemptFindings(jobs, LEASE_MS, hasOwnClock),
    ...noteFindings(notes, byId, places.brief),
    ...undead.map((name) => ({
      guarantee: "G9",
      message: `the worker ${name} is taken for alive long after it has ended`,
      rows: [name],
    })),
  ];
  return found.map((finding) => ({ ...finding, story: [] }));
}

function crashFinding({ process, how, said }: Crash): HistoryViolation {
  const reason = said.trim() === "" ? "" : `: ${said.trim().slice(-1_000)}`;
  return {
    guarantee: "G10",
    message: `the process ${process} ${how}${reason}`,
    rows: [process],
    story: [],
  };
}
