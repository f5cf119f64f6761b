import type { VerifyOptions, VerifyProgress } from "../verify/drive/verify-options.ts";
import { verifyStore } from "../verify/drive/verify-store.ts";
import { shrinkDrive } from "../verify/drive/shrink-drive.ts";
import type { Session } from "./session.ts";
import { onStopSignal } from "./stop-signals.ts";
import { EXIT_BY_VERDICT, outcomeLines, shrunkLines } from "./verify-text.ts";

export interface DriveRequest extends Omit<VerifyOptions, "store" | "key" | "onProgress" | "signal"> {
  readonly shrink?: true;
}

/** Drive the store or the server of the session, and tell what came of it. */
export async function verifyByDrive(session: Session, { shrink, ...flags }: DriveRequest): Promise<void> {
  const { out } = session;
  const server = session.server();
  const place = server === null ? { store: storeOf(session, flags) } : { store: server.url, key: server.key };
  const stopping = new AbortController();
  const release = onStopSignal(() => {
    out.note("Stopping: the crew is ended, and what was made is removed. Once more ends at once.");
    stopping.abort();
  });
  try {
    const seed = flags.seed ?? Math.floor(Math.random() * 1_000_000);
    let isSaid = false;
    const options: VerifyOptions = {
      ...place,
      ...flags,
      seed,
      signal: stopping.signal,
      onProgress: (progress) => {
        // Whatever happens from here on, it can be driven again.
        if (!isSaid && progress.phase !== "starting") out.note(`Seed ${seed}.`);
        isSaid ||= progress.phase !== "starting";
        out.progress.update(progress.share, 1, progressText(progress));
      },
    };
    const outcome = await verifyStore(options);
    const isShrinkable = shrink === true && outcome.verdict === "violated" && !stopping.signal.aborted;
    const shrunk = isShrinkable ? await shrinkDrive(options, outcome) : null;
    out.progress.clear();
    const answer = shrink === true ? { ...outcome, shrunk } : outcome;
    out.answer(answer, () => [...outcomeLines(outcome), ...(isShrinkable ? shrunkLines(shrunk) : [])]);
    session.exitCode = EXIT_BY_VERDICT[outcome.verdict];
  } finally {
    release();
  }
}

/** With programs of PostgreSQL and no store, theirs is meant, and not the file that is otherwise. */
function storeOf(session: Session, { postgresBin }: DriveRequest): string {
  return postgresBin !== undefined && session.namedStore === null ? "postgres:" : session.storeTarget();
}

function progressText({ phase, jobs, ran, faults, kills }: VerifyProgress): string {
  return `${phase}: ${jobs} jobs, ${ran} attempts, ${faults} faults, ${kills} killed`;
}
