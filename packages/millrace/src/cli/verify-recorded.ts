import { checkHistory } from "../verify/check/check-history.ts";
import { readHistory } from "../verify/drive/recorded-run.ts";
import type { Session } from "./session.ts";
import { EXIT_BY_VERDICT, historyLines } from "./verify-text.ts";

/** Check a folder that a drive, or somebody else, has recorded. */
export async function verifyRecorded(session: Session, folder: string): Promise<void> {
  session.out.progress.update(0, null, "checking");
  const { entries, jobs, facts } = readHistory(folder);
  const verdict = checkHistory(entries, jobs);
  session.out.answer({ ...verdict, verdict: verdict.judgement, seed: facts?.seed ?? null }, () =>
    historyLines(verdict),
  );
  session.exitCode = EXIT_BY_VERDICT[verdict.judgement];
}
