import type { Command } from "commander";
import type { Store } from "../../core/store.ts";
import { guide } from "../guide.ts";
import { checkTarget, withStore, type Session } from "../session.ts";
import { storeText } from "../store-text.ts";
import { moveData } from "../transfer/move-data.ts";
import { ALLOW_RUNNING, refuseLiveWork, type SourceFlags } from "../transfer/source.ts";
import { checkedText, countsText, lostText } from "../transfer/summary.ts";
import type { Tally } from "../transfer/tally.ts";
import { untilInterrupted } from "../transfer/until-interrupted.ts";
import { UsageError } from "../usage-error.ts";

interface MoveFlags extends SourceFlags {
  readonly from: string;
  readonly to: string;
}

interface MoveRun {
  readonly session: Session;
  readonly flags: MoveFlags;
  readonly signal: AbortSignal;
}

interface Moved {
  readonly tally: Tally;
  readonly lostCount: number;
}

export function defineMove(command: Command, session: Session): void {
  guide(command, {
    description: "Carry all data from one store into another, empty one, and check that it arrived.",
    notes: [
      "All of it or nothing, as with export and import. Before it counts, both stores are read once more and compared.\n" +
        "The old store is left as it is.",
    ],
    examples: ["millrace move --from sqlite:./millrace.db --to sqlite:./new.db"],
    exits: {
      1: "it was interrupted",
      5: "the old store is at work, or changed meanwhile, or the new one is not empty",
      70: "the data breaks a guarantee, or was not kept as it came",
    },
  })
    .requiredOption("--from <url>", "the store to read")
    .requiredOption("--to <url>", "the store to fill; it is made if there is none")
    .option(...ALLOW_RUNNING)
    .action(async (flags: MoveFlags) => {
      refuseOneStore(session, flags);
      const { tally, lostCount } = await untilInterrupted(async (signal) =>
        withStore(flags.from, async (source) => move(source, { session, flags, signal })),
      );
      const { counts } = tally.end();
      const [from, to] = [storeText(flags.from), storeText(flags.to)];
      session.out.answer({ from, to, counts, numbers: tally.numberCount, lost: lostCount }, () =>
        [
          `Moved ${countsText(counts)} to ${to}.`,
          lostText(lostCount),
          `Checked: ${checkedText(tally)} are the same on both sides; no guarantee is broken.`,
          `${from} is as it was: see that no program uses it any more.`,
        ].filter((line) => line !== ""),
      );
    });
}

function refuseOneStore({ namedStore, namedServer }: Session, { from, to }: MoveFlags): void {
  checkTarget(from, "--from");
  checkTarget(to, "--to");
  if (namedStore !== null) throw new UsageError("move takes two stores, by --from and --to, and no --store");
  if (namedServer !== null) throw new UsageError("move takes two stores, by --from and --to, and no --server");
  if (from === to) throw new UsageError("--from and --to name the same store");
}

async function move(source: Store, { session, flags, signal }: MoveRun): Promise<Moved> {
  const reader = await source.openExport();
  try {
    refuseLiveWork(reader, flags);
    const watch = { progress: session.out.progress, signal };
    const tally = await withStore(flags.to, async (target) => moveData(source, reader, target, watch), {
      mayCreate: true,
    });
    return { tally, lostCount: reader.lostCount };
  } finally {
    await reader.close();
  }
}
