import type { Command } from "commander";
import { totalOf, type ImportWriter } from "../../core/transfer.ts";
import { guide } from "../guide.ts";
import { withStore, type Session } from "../session.ts";
import { ExportFile, type FilePage } from "../transfer/export-file.ts";
import { checkFilled, fill } from "../transfer/fill.ts";
import { checkedText, countsText } from "../transfer/summary.ts";
import { differencesOf, type Tally } from "../transfer/tally.ts";
import { untilInterrupted } from "../transfer/until-interrupted.ts";
import { UsageError } from "../usage-error.ts";

const STDIN = "-";

export function defineImport(command: Command, session: Session): void {
  guide(command, {
    description: "Fill an empty store from a file that `millrace export` has written.",
    notes: [
      "All of it or nothing: every line is checked, what was written is read back and compared, and the guarantees are\n" +
        "looked at, before any of it can be seen. The store is made if there is none.",
    ],
    examples: [
      "millrace import store.jsonl --store sqlite:./new.db",
      "gunzip -c store.jsonl.gz | millrace import - --json",
    ],
    exits: {
      1: "it was interrupted",
      2: "wrong usage, or a line of the file is wrong",
      5: "the store is not empty",
      70: "the data breaks a guarantee, or was not kept as it came",
    },
  })
    .argument("[file]", "where from; - is standard input", STDIN)
    .action(async (file: string) => {
      const target = session.storeTarget();
      if (file === STDIN && process.stdin.isTTY) {
        throw new UsageError("import does not say what to import", { suggestion: "millrace import store.jsonl" });
      }
      const tally = await untilInterrupted(async (signal) => {
        const from = await ExportFile.open(file, signal);
        try {
          return await withStore(
            target,
            async (store) => fillFrom(from, await store.openImport(), { session, signal }),
            {
              mayCreate: true,
            },
          );
        } finally {
          await from.close();
        }
      });
      const { counts } = tally.end();
      session.out.answer({ counts, numbers: tally.numberCount }, () => [
        `Imported ${countsText(counts)}.`,
        `Checked: ${checkedText(tally)} read back as they came; no guarantee is broken.`,
      ]);
    });
}

interface ImportRun {
  readonly session: Session;
  readonly signal: AbortSignal;
}

async function fillFrom(from: ExportFile, writer: ImportWriter, { session, signal }: ImportRun): Promise<Tally> {
  const { progress } = session.out;
  try {
    const total = from.header.counts === null ? null : totalOf(from.header.counts);
    const placeOf = (page: FilePage, index: number): string => `line ${page.lines[index]} of ${from.name}: `;
    const tally = await fill(writer, from.pages(), { progress, total, signal, placeOf });
    const differences = differencesOf(from.end(), tally.end());
    if (differences.length > 0) {
      throw new UsageError(`${from.name} is not what its last line says: ${differences.join("; ")}`, {
        suggestion:
          'export or copy it again; one that was edited on purpose has no "digests" there, and counts that fit',
      });
    }
    await checkFilled(writer, tally, { progress, signal });
    await writer.commit();
    return tally;
  } finally {
    await writer.close();
  }
}
