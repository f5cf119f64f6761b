import type { Command } from "commander";
import { endLine, headerLine } from "../../core/transfer-line.ts";
import { totalOf, type ExportReader } from "../../core/transfer.ts";
import { guide } from "../guide.ts";
import { withStore, type Session } from "../session.ts";
import { exportToFile, refuseExisting, standardOutput, type ExportSink } from "../transfer/export-sink.ts";
import { refuseInterrupted } from "../transfer/fill.ts";
import { ALLOW_RUNNING, refuseLiveWork, type SourceFlags } from "../transfer/source.ts";
import { countsText, lostText } from "../transfer/summary.ts";
import { Tally } from "../transfer/tally.ts";
import { untilInterrupted } from "../transfer/until-interrupted.ts";

interface ExportFlags extends SourceFlags {
  readonly overwrite?: true;
}

const STDOUT = "-";

export function defineExport(command: Command, session: Session): void {
  guide(command, {
    description: "Write all data of the store into a file, one JSON text per line, as of one moment.",
    notes: [
      "With numbers, tokens, earlier attempts, logs, queues, schedules, API keys and webhooks; without events, workers and\n" +
        "the files of artifacts. The file is there only when all of it is. On standard output a summary goes to standard error.",
    ],
    examples: ["millrace export store.jsonl", "millrace export - --allow-running | gzip > store.jsonl.gz"],
    exits: { 1: "it was interrupted", 5: "the store is at work, or the file is there already" },
  })
    .argument("[file]", "where to; - is standard output", STDOUT)
    .option(...ALLOW_RUNNING)
    .option("--overwrite", "write over a file that is there already")
    .action(async (file: string, flags: ExportFlags) => {
      const target = session.storeTarget();
      const isPiped = file === STDOUT;
      if (!isPiped) refuseExisting(file, flags);
      await untilInterrupted(async (signal) =>
        withStore(target, async (store) => {
          const reader = await store.openExport();
          try {
            refuseLiveWork(reader, flags);
            const sink = isPiped ? standardOutput(session.out) : await exportToFile(file);
            try {
              const tally = await copy(reader, sink, session, { signal, isShown: !isPiped || !session.out.isTerminal });
              await sink.keep();
              if (tally !== null) tell(session, isPiped ? null : file, tally, reader.lostCount);
            } finally {
              await sink.close();
            }
          } finally {
            await reader.close();
          }
        }),
      );
    });
}

/**
 * A page at a time: neither the data nor what is not yet taken is ever held whole. Answers `null` when nobody takes it
 * any more, as `| head` has it; whoever reads on finds no end, and knows.
 */
async function copy(
  reader: ExportReader,
  sink: ExportSink,
  { out }: Session,
  { signal, isShown }: { readonly signal: AbortSignal; readonly isShown: boolean },
): Promise<Tally | null> {
  const total = totalOf(reader.counts);
  const gone = new AbortController();
  out.whenGone(() => gone.abort());
  const tally = new Tally();
  await sink.write(`${headerLine({ at: reader.at, counts: reader.counts })}\n`);
  for await (const records of reader.pages()) {
    refuseInterrupted(signal);
    if (gone.signal.aborted) return null;
    await sink.write(`${tally.addAll(records).join("\n")}\n`);
    if (isShown) out.progress.update(tally.total, total, `exporting, ${tally.total} records`);
  }
  await sink.write(`${endLine(tally.end())}\n`);
  return gone.signal.aborted ? null : tally;
}

function tell({ out }: Session, file: string | null, tally: Tally, lostCount: number): void {
  const { counts } = tally.end();
  const summary = { file, counts, numbers: tally.numberCount, lost: lostCount };
  const lines = [`Exported ${countsText(counts)}${file === null ? "" : ` to ${file}`}.`, lostText(lostCount)];
  const said = lines.filter((line) => line !== "");
  if (file !== null) out.answer(summary, () => said);
  else for (const line of out.isJson ? [JSON.stringify(summary)] : said) out.note(line);
}
