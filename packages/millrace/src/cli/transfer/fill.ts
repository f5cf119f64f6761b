import { InvariantError } from "../../core/errors.ts";
import { nameOfRecord } from "../../core/transfer-check.ts";
import type { ImportWriter, TransferRecord } from "../../core/transfer.ts";
import type { ProgressBar } from "../progress-bar.ts";
import { UsageError } from "../usage-error.ts";
import { differencesOf, Tally } from "./tally.ts";

const INTERRUPTED_EXIT = 1;

export interface Page {
  readonly records: readonly TransferRecord[];
}

interface FillOptions<P extends Page> {
  readonly progress: ProgressBar;
  /** How many records will come; `null` where nobody knows. */
  readonly total: number | null;
  readonly signal: AbortSignal;
  /** Where a record came from, to begin a message with. */
  readonly placeOf: (page: P, index: number) => string;
}

/** Write everything that comes. Nothing is kept before the writer commits. @throws UsageError naming what is refused */
export async function fill<P extends Page>(
  writer: ImportWriter,
  pages: AsyncIterable<P>,
  { progress, total, signal, placeOf }: FillOptions<P>,
): Promise<Tally> {
  const tally = new Tally();
  for await (const page of pages) {
    refuseInterrupted(signal);
    const refusal = await writer.write(page.records);
    if (refusal !== null) {
      const record = page.records[refusal.index];
      const name = record === undefined ? "a record" : nameOfRecord(record);
      throw new UsageError(`${placeOf(page, refusal.index)}${name} cannot be kept: ${refusal.problem}`);
    }
    tally.addAll(page.records);
    progress.update(tally.total, total, `importing, ${tally.total} records`);
  }
  return tally;
}

/**
 * Read back what was written, before it is committed, and look for broken guarantees in it.
 * @throws InvariantError when something was not kept as it came, or breaks a guarantee
 */
export async function checkFilled(
  writer: ImportWriter,
  sent: Tally,
  { progress, signal }: { readonly progress: ProgressBar; readonly signal: AbortSignal },
): Promise<void> {
  const found = await tallyOf(writer.pages(), (done) => {
    refuseInterrupted(signal);
    progress.update(done, sent.total, `checking, ${done} records`);
  });
  const differences = differencesOf(sent.end(), found.end());
  if (differences.length > 0) {
    throw new InvariantError(`what was written reads back differently, so nothing was kept: ${differences.join("; ")}`);
  }
  progress.update(0, null, "looking for broken guarantees");
  const { violations } = await writer.audit();
  if (violations.length === 0) return;
  const told = violations.map(({ guarantee, message, rows }) => `${guarantee}: ${message} (${rows.join(", ")})`);
  throw new InvariantError(`the data breaks a guarantee, so nothing was kept: ${told.join("; ")}`, { violations });
}

export async function tallyOf(
  pages: AsyncIterable<readonly TransferRecord[]>,
  onPage: (done: number) => void,
): Promise<Tally> {
  const tally = new Tally();
  for await (const records of pages) {
    tally.addAll(records);
    onPage(tally.total);
  }
  return tally;
}

/** @throws UsageError once somebody wants the command to end */
export function refuseInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new UsageError("interrupted; nothing was kept", { exitCode: INTERRUPTED_EXIT });
}
