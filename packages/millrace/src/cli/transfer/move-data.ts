import type { Store } from "../../core/store.ts";
import { totalOf, type ExportReader, type TransferRecord } from "../../core/transfer.ts";
import { EXIT_CODES } from "../exit-codes.ts";
import type { ProgressBar } from "../progress-bar.ts";
import { UsageError } from "../usage-error.ts";
import { checkFilled, fill, refuseInterrupted, tallyOf, type Page } from "./fill.ts";
import { isIdle } from "./source.ts";
import { differencesOf, type Tally } from "./tally.ts";

export interface Watch {
  readonly progress: ProgressBar;
  readonly signal: AbortSignal;
}

/**
 * Fill an empty store with what an export of another one reads. Before it is committed, both are read once more.
 * @throws UsageError when the old store has changed meanwhile, InvariantError when the new one is not what it was
 */
export async function moveData(source: Store, reader: ExportReader, target: Store, watch: Watch): Promise<Tally> {
  const writer = await target.openImport();
  try {
    const options = { ...watch, total: totalOf(reader.counts), placeOf: () => "" };
    const tally = await fill(writer, asPages(reader.pages()), options);
    await checkFilled(writer, tally, watch);
    await checkSource(source, reader, tally, watch);
    await writer.commit();
    return tally;
  } finally {
    await writer.close();
  }
}

/**
 * Read the old store once more. Where nobody worked on it, it is read as it is now: what somebody has added meanwhile
 * would be left behind. Where somebody may, it has gone on for certain, and is read as it was.
 */
async function checkSource(source: Store, reader: ExportReader, sent: Tally, watch: Watch): Promise<void> {
  const again = isIdle(reader.liveWork) ? await source.openExport(reader.at) : reader;
  try {
    const found = await tallyOf(again.pages(), (done) => {
      refuseInterrupted(watch.signal);
      watch.progress.update(done, sent.total, `comparing, ${done} records`);
    });
    const differences = differencesOf(sent.end(), found.end());
    if (differences.length === 0) return;
    throw new UsageError(`the old store changed while it was moved: ${differences.join("; ")}`, {
      exitCode: EXIT_CODES.state_conflict,
      suggestion: "stop whatever enqueues into it, and move again; nothing was kept",
    });
  } finally {
    if (again !== reader) await again.close();
  }
}

async function* asPages(pages: AsyncIterable<readonly TransferRecord[]>): AsyncGenerator<Page> {
  for await (const records of pages) yield { records };
}
