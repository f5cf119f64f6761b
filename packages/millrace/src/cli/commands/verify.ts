import type { Command } from "commander";
import { countFlag, textFlag } from "../flags.ts";
import { guide } from "../guide.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { faultsFlag } from "../faults-flag.ts";
import type { DriveRequest } from "../verify-by-drive.ts";
import { DATA_NOTES, verifyData } from "./verify-data.ts";

interface VerifyFlags extends DriveRequest {
  readonly data?: true;
  readonly history?: string;
}

const DRIVE_FLAGS = [
  "--workers", "--jobs", "--seconds", "--faults", "--seed", "--report", "--postgres-bin", "--drain-seconds", "--shrink",
] as const; // prettier-ignore

export function defineVerify(command: Command, session: Session): void {
  guide(command, {
    description:
      "Check that the store keeps its guarantees: drive it with a crew of processes while faults are brought to them, and " +
      "check what was asked and answered. Or check the data as it lies, or a history that was recorded before.",
    notes: [
      "A drive touches only what it makes: a file beside the one of --store, a schema of its own in that database, or, with\n" +
        "--server, queues with names of their own. It ends when about --jobs were added or --seconds have passed, whichever\n" +
        "comes first; then everything heals, and all jobs have --drain-seconds to end. --workers are handlers at once, spread\n" +
        "over two to eight processes; two more enqueue. The verdict is `ok`, `violated`, or `unknown`: never to be taken for ok.",
      "Faults: kill, pause (longer than a lease), clock, and on PostgreSQL backend-kill and cut. db-restart, failover and disk\n" +
        "need a server of the drive's own, which --postgres-bin starts; on a SQLite file, disk needs prlimit of Linux. `none`\n" +
        "brings none. Without --faults: all that need nothing special for the store.",
      "--report keeps the histories, the jobs and a page to look at (report.html) in a new folder. Without it they are kept\n" +
        "only when the verdict is not ok. --history checks such a folder again, or one that somebody else has recorded:\n" +
        "history-*.jsonl and jobs.jsonl.",
      ...DATA_NOTES,
    ],
    examples: [
      "millrace verify --seconds 30",
      "millrace verify --store postgres://localhost/shop --workers 32 --faults kill,backend-kill,cut --report ./verified",
      "millrace verify --postgres-bin /usr/lib/postgresql/17/bin --faults kill,cut,db-restart,failover",
      "millrace verify --seed 4711 --seconds 20 --shrink",
      "millrace verify --history ./verified --json",
      "millrace verify --data --store sqlite:./backup.db",
      "millrace verify --data --seconds 600 --json",
    ],
    exits: {
      0: "no guarantee was seen broken",
      3: "not known: not all jobs had ended, not all could be checked in the time, or it was stopped",
      70: "a guarantee is broken; what shows it is told",
    },
  })
    .option("--data", "check the data as it lies; reads only, others may go on working")
    .option("--history <folder>", "check what was recorded in this folder", textFlag("--history"))
    .option("--workers <count>", "handlers at once (default 16)", countFlag("--workers"))
    .option("--jobs <count>", "end after about so many jobs (default 20000)", countFlag("--jobs"))
    .option("--seconds <count>", "end after so many seconds, with --data too (default 60)", countFlag("--seconds"))
    .option("--faults <list>", "what to bring, separated by commas", faultsFlag("--faults"))
    .option("--seed <number>", "what crew and faults do follows from it (default by chance)", countFlag("--seed", 0))
    .option("--report <folder>", "keep what was recorded, and a report, in this new folder", textFlag("--report"))
    .option("--postgres-bin <folder>", "start a PostgreSQL of its own with these programs", textFlag("--postgres-bin"))
    .option("--drain-seconds <count>", "how long jobs may take to end (default 60 more)", countFlag("--drain-seconds"))
    .option("--shrink", "when a guarantee is broken, look for a smaller drive that shows it")
    .action(async ({ data, history, ...flags }: VerifyFlags) => {
      refuseMixed(data === true ? "--data" : history === undefined ? null : "--history", { history, ...flags });
      if (data === true) return verifyData(session, flags.seconds);
      if (history !== undefined) {
        const { verifyRecorded } = await import("../verify-recorded.ts");
        return verifyRecorded(session, history);
      }
      // Only now: neither help nor wrong flags need all of it.
      const { verifyByDrive } = await import("../verify-by-drive.ts");
      return verifyByDrive(session, flags);
    });
}

/** @throws UsageError for a flag that means nothing beside another */
function refuseMixed(mode: "--data" | "--history" | null, given: Readonly<Record<string, unknown>>): void {
  if (mode === null) return;
  const others = mode === "--data" ? [...DRIVE_FLAGS.filter((flag) => flag !== "--seconds"), "--history"] : DRIVE_FLAGS;
  const wrong = others.find((flag) => given[propertyOf(flag)] !== undefined);
  if (wrong === undefined) return;
  throw new UsageError(`${wrong} belongs to a drive, and ${mode} does not drive`, {
    suggestion: `leave one of them out`,
  });
}

function propertyOf(flag: string): string {
  return flag.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
