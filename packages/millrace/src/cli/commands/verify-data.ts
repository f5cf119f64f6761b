import type { AuditPart, AuditReport, DataViolation } from "../../core/audit.ts";
import type { Session } from "../session.ts";

const SECONDS = 60;
/** As with everything that is not known: time ran out. */
const UNKNOWN_EXIT = 3;
const VIOLATED_EXIT = 70;

const PARTS: Readonly<Record<AuditPart, string>> = {
  jobs: "jobs and their tickets",
  numbers: "numbers",
  attempts: "earlier attempts",
  logs: "logs",
  counters: "counters",
  lanes: "lanes",
};

/** What else there is to know about `--data`, for its help. */
export const DATA_NOTES = [
  `--data looks at the data in slices of a thousand rows, each on one state of it, newest jobs first. It holds up nobody, and
what merely moves meanwhile is no finding. After --seconds it says what it has not looked at.`,
  `--json with --data: { verdict, jobs, violations, parts }
  verdict     "sound", "violated", or "unknown": nothing was found, but there was not the time to look at everything
  jobs        how many jobs were looked at
  violations  [{ guarantee, message, count, rows }]: count rows break it, of which rows names at most ten
  parts       [{ part, isComplete }] for jobs, numbers, attempts, logs, counters and lanes`,
];

/** `millrace verify --data`: check the data of the store as it lies. */
export async function verifyData(session: Session, seconds: number = SECONDS): Promise<void> {
  await session.withMill(
    async (mill) => {
      const report = await mill.verify({
        limitMs: seconds * 1_000,
        onProgress: (jobs) => {
          session.out.progress.update(jobs, null, `reading, ${countOf(jobs, "job")}`);
        },
      });
      session.out.answer(report, () => linesOf(report, seconds));
      if (report.verdict === "violated") session.exitCode = VIOLATED_EXIT;
      if (report.verdict === "unknown") session.exitCode = UNKNOWN_EXIT;
    },
    { target: session.storeTarget() },
  );
}

function linesOf({ verdict, jobs, violations, parts }: AuditReport, seconds: number): string[] {
  const missed = parts.filter(({ isComplete }) => !isComplete).map(({ part }) => PARTS[part]);
  const found = violations.length > 0 ? countOf(violations.length, "violation") : "no guarantee is broken";
  if (missed.length === 0) return [...violations.flatMap(violationLines), `${countOf(jobs, "job")}, ${found}.`];
  const soFar = verdict === "unknown" ? "nothing is broken so far, and that is not known of the rest" : found;
  return [
    ...violations.flatMap(violationLines),
    `${countOf(jobs, "job")} looked at, the newest first: ${soFar}.`,
    `After ${countOf(seconds, "second")} these had not been looked at to the end: ${missed.join(", ")}. Give it more --seconds.`,
  ];
}

function violationLines({ guarantee, message, count, rows }: DataViolation): string[] {
  const more = count - rows.length;
  return [
    `${guarantee}: ${message} (${count})`,
    ...rows.map((row) => `  ${row}`),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ];
}

function countOf(count: number, thing: string): string {
  return `${count} ${count === 1 ? thing : `${thing}s`}`;
}
