import type { Judgement } from "../verify/check/linearize.ts";
import type { HistoryVerdict, HistoryViolation } from "../verify/check/verdict.ts";
import type { ShrunkDrive } from "../verify/drive/shrink-drive.ts";
import type { VerifyOutcome } from "../verify/drive/verify-outcome.ts";

export const EXIT_BY_VERDICT: Readonly<Record<Judgement, number>> = { ok: 0, unknown: 3, violated: 70 };

const MOST_NAMED = 10;

/** What came of a drive, for a person. */
export function outcomeLines(outcome: VerifyOutcome): string[] {
  const { verdict, violations, unknown, history, figures, leftOut, folder, kept, seed, command } = outcome;
  const { seconds } = figures;
  const faults = Object.entries(figures.faults).map(([name, count]) => `${count} × ${name}`);
  return [
    ...violations.slice(0, MOST_NAMED).flatMap(violationLines),
    ...more(violations.length),
    ...unknown.slice(0, MOST_NAMED).map((why) => `Not known: ${why}`),
    `${WORDS[verdict]}: ${figures.jobs} jobs, ${figures.handlers} attempts (${figures.cutShort} cut short), ` +
      `${history?.checked.calls ?? 0} calls, by ${figures.processes} processes, of which ${figures.kills} were killed.`,
    `Faults: ${faults.length === 0 ? "none" : faults.join(", ")}.`,
    ...recoveryLines(history),
    ...(leftOut.length === 0 ? [] : [`Left out on this store: ${leftOut.join(", ")}.`]),
    `Drove for ${seconds.driving.toFixed(1)} s, drained for ${seconds.draining.toFixed(1)} s, checked for ${seconds.checking.toFixed(1)} s.`,
    ...(folder === null ? [] : [`Recorded in ${folder}; report.html there is for looking at.`]),
    ...(kept === null ? [] : [`The data still lies in ${kept}.`]),
    `Seed ${seed}. The same again: ${command}`,
  ];
}

/** What came of checking a history, for a person. */
export function historyLines(verdict: HistoryVerdict): string[] {
  const { judgement, violations, unknown, checked } = verdict;
  return [
    ...violations.flatMap(violationLines),
    ...unknown.map(({ guarantee, about, why }) => `Not known: ${guarantee}: ${about}: ${why}`),
    `${WORDS[judgement]}: ${checked.calls} calls about ${checked.jobs} jobs.`,
    ...recoveryLines(verdict),
  ];
}

export function shrunkLines(shrunk: ShrunkDrive | null): string[] {
  if (shrunk === null) return ["No smaller drive showed it again."];
  const { workers, jobs, seconds, faults } = shrunk;
  return [
    `The smallest drive of ${shrunk.tries} that showed it: ${workers} workers, ${jobs} jobs, ${seconds} s, faults ${faults.join(", ") || "none"}.`,
    `Again: ${shrunk.outcome.command}`,
  ];
}

const WORDS: Readonly<Record<Judgement, string>> = {
  ok: "Sound",
  unknown: "Not known",
  violated: "Violated",
};

function violationLines({ guarantee, message, rows, story }: HistoryViolation): string[] {
  const told = story.map(
    ({ from, process, said }) => `  ${(from / 1_000).toFixed(1)} ms  ${process ?? "time"}: ${said}`,
  );
  return [`${guarantee}: ${message}`, ...(told.length > 0 ? told : rows.map((row) => `  ${row}`))];
}

function more(count: number): string[] {
  return count > MOST_NAMED ? [`… and ${count - MOST_NAMED} more; all are in the report.`] : [];
}

function recoveryLines(history: HistoryVerdict | null): string[] {
  const took = (history?.recoveries ?? []).map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  if (took.length === 0) return [];
  const at = (share: number): string =>
    `${((took[Math.min(took.length - 1, Math.floor(share * took.length))] ?? 0) / 1_000).toFixed(2)} s`;
  return [
    `Recoveries: ${took.length} jobs of dead or paused workers; half of them within ${at(0.5)}, the last after ${at(1)}.`,
  ];
}
