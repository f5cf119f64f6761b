import { join } from "node:path";
import { Option, type Command } from "commander";
import type { Millrace } from "../../index.ts";
import { scriptHandlers, type Script } from "../../scripts/index.ts";
import { durationFlag, refuse } from "../flags.ts";
import { guide } from "../guide.ts";
import { loadHandlers } from "../handlers-file.ts";
import { jobLabel } from "../job-name.ts";
import { runWorker, SCRIPT_ABORT_GRACE_MS } from "../run-worker.ts";
import { DEFAULT_FOLDERS, loadCatalog, repeatedFlag } from "../script-folders.ts";
import type { Session } from "../session.ts";
import { stateFolder } from "../state-folder.ts";
import { UsageError } from "../usage-error.ts";
import { lockFile } from "../watch-lock.ts";
import { watchAttempts } from "../watched-worker.ts";
import { WorkLog } from "../work-log.ts";
import { nameProblem } from "../../core/options.ts";

interface WatchFlags {
  readonly scripts: readonly string[];
  readonly handlers?: string;
  readonly once?: true;
  readonly drain?: true;
  readonly grace: number;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const GRACE_MS = 3_000;

export function defineWatch(command: Command, session: Session): void {
  guide(command, {
    description: "Run the jobs of one queue, one after the other, as they come.",
    notes: [
      "One watcher per queue and machine: a second one is refused and told who the first is. The lock is a file with PID,\n" +
        "host and start; one that a dead process left is taken over. SIGTERM, SIGINT or SIGHUP let the running job finish\n" +
        "within --grace, give it back otherwise, and remove the lock. Jobs that are done by hand are passed by, and told of\n" +
        "when their time limit is over.",
    ],
    examples: [
      "millrace watch docs",
      "millrace watch docs --scripts scripts --drain",
      "millrace watch mail --handlers handlers.ts",
    ],
    exits: { 5: "the queue is being watched already" },
  })
    .argument("<queue>", "the queue to watch")
    .option(
      "--scripts <folder>",
      "run the scripts in this folder and below; may be repeated (default: scripts)",
      repeatedFlag,
      DEFAULT_FOLDERS,
    )
    .option("--handlers <file>", "a module with your handlers, besides the scripts")
    .addOption(new Option("--once", "run the next job, if one waits, and end").conflicts("drain"))
    .option("--drain", "end when nothing is left to run")
    .option(
      "--grace <duration>",
      "how long a running job may go on after a signal (default 3s)",
      durationFlag("--grace", 0),
      GRACE_MS,
    )
    .action(async (queue: string, flags: WatchFlags) => {
      refuse(nameProblem(queue, "the queue"));
      session.checkPlace();
      const { scripts } = await loadCatalog(flags.scripts, session);
      const register = flags.handlers === undefined ? null : await loadHandlers(flags.handlers);
      if (scripts.length === 0 && register === null) {
        throw new UsageError(`there are no scripts in ${flags.scripts.join(", ")}, so there is nothing to run`, {
          validOptions: ["--scripts FOLDER", "--handlers FILE"],
        });
      }
      const unlock = await lockFile(join(stateFolder(session), `${encodeURIComponent(queue)}.lock`), `watch ${queue}`);
      // Also when a second signal ends the process at once.
      process.on("exit", unlock);
      try {
        const log = new WorkLog(session.out);
        const watch = (mill: Millrace): Promise<void> =>
          watchQueue(session, mill, log, { queue, flags, scripts, register });
        await session.withMill(watch, { mayCreate: true, logger: log.logger });
      } finally {
        process.off("exit", unlock);
        unlock();
      }
    });
}

interface Watch {
  readonly queue: string;
  readonly flags: WatchFlags;
  readonly scripts: readonly Script[];
  readonly register: Awaited<ReturnType<typeof loadHandlers>> | null;
}

async function watchQueue(session: Session, mill: Millrace, log: WorkLog, watch: Watch): Promise<void> {
  const { queue, flags, scripts, register } = watch;
  const { out } = session;
  const graces = { stopGraceMs: flags.grace, abortGraceMs: SCRIPT_ABORT_GRACE_MS };
  const worker = mill.worker({ queues: [queue], concurrency: 1, ...graces });
  watchAttempts(worker, (job, end) => {
    if (end.how === "completed") out.note(`${out.errorPalette.good(end.how)} ${jobLabel(job)} ${job.kind}`);
    log.attemptEnded(job, end);
    // Before its slot is free, so that no other is claimed.
    if (flags.once === true) void worker.stop();
  });
  await register?.(worker, mill);
  const onWarning = (text: string): void => out.note(`Warning: ${text}`);
  for (const { kind, handler } of scriptHandlers(scripts, { onWarning })) worker.handle(kind, handler);
  const isFinite = flags.once === true || flags.drain === true;
  const ended = new AbortController();
  const warnings = tellWarnings(session, mill, queue, ended.signal);
  try {
    const on = `the queue ${queue}`;
    const until = isFinite ? { until: () => worker.drain() } : {};
    await runWorker(session, { mill, worker, log, on, signals: SIGNALS, ...until });
  } finally {
    ended.abort();
    await warnings;
  }
}

/** Who works by hand may not look; who watches does. */
async function tellWarnings({ out }: Session, mill: Millrace, queue: string, signal: AbortSignal): Promise<void> {
  try {
    for await (const event of mill.events({ signal })) {
      if (event.type !== "warned" || event.queue !== queue) continue;
      out.note(
        `Warning: ${jobLabel({ ...event, id: event.job })} ${event.kind} is held by hand, and its time limit is over`,
      );
    }
  } catch (error) {
    if (!signal.aborted)
      out.note(`Warning: no more is heard of time limits: ${error instanceof Error ? error.message : String(error)}`);
  }
}
