import type { Command } from "commander";
import type { Millrace, Worker } from "../../index.ts";
import { scriptHandlers, type Script } from "../../scripts/index.ts";
import { countFlag, labelsFlag } from "../flags.ts";
import { guide } from "../guide.ts";
import { loadHandlers } from "../handlers-file.ts";
import { parseQueues } from "../queue-weights.ts";
import { runWorker, SCRIPT_ABORT_GRACE_MS } from "../run-worker.ts";
import { loadCatalog, repeatedFlag } from "../script-folders.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { watchAttempts } from "../watched-worker.ts";
import { WorkLog } from "../work-log.ts";

interface WorkFlags {
  readonly handlers?: string;
  readonly scripts?: readonly string[];
  readonly queues?: readonly string[] | Readonly<Record<string, number>>;
  readonly concurrency?: number;
  readonly labels?: readonly string[];
  readonly drain?: true;
}

export function defineWork(command: Command, session: Session): void {
  guide(command, {
    description: "Run jobs, until the process is told to stop.",
    notes: [
      "FILE is a module whose default export is an object of handlers by kind, a list of [definition, handler] pairs,\n" +
        "or a function (worker, mill) that registers them. SIGTERM or SIGINT finishes what runs and gives the rest back;\n" +
        "a second one ends at once.",
    ],
    examples: [
      "millrace work --handlers handlers.ts --concurrency 8",
      "millrace work --handlers handlers.ts --queues live=10,batch=1 --labels gpu,threads=16",
      "millrace work --scripts scripts --drain",
    ],
  })
    .option("--handlers <file>", "a module with your handlers")
    .option("--scripts <folder>", "run the scripts in this folder and below; may be repeated", repeatedFlag)
    .option("--queues <queues>", "a,b in this order, or a=10,b=5 by weight (default: all, in turn)", parseQueues)
    .option("--concurrency <count>", "how many jobs run at once", countFlag("--concurrency"))
    .option("--labels <labels>", "what this worker can do, apart by commas: gpu,threads=16", labelsFlag("--labels"))
    .option("--drain", "stop when nothing is left to run")
    .action(async (flags: WorkFlags) => {
      session.checkPlace();
      if (flags.handlers === undefined && flags.scripts === undefined) {
        throw new UsageError("a worker needs something to run", {
          validOptions: ["--handlers FILE", "--scripts FOLDER"],
        });
      }
      const register = flags.handlers === undefined ? null : await loadHandlers(flags.handlers);
      const scripts = flags.scripts === undefined ? [] : await findScripts(flags.scripts, session);
      const log = new WorkLog(session.out);
      await session.withMill(
        async (mill) => {
          const worker = mill.worker(optionsOf(flags));
          watchAttempts(worker, (job, end) => log.attemptEnded(job, end));
          await register?.(worker, mill);
          const onWarning = (text: string): void => session.out.note(`Warning: ${text}`);
          for (const { kind, handler } of scriptHandlers(scripts, { onWarning })) worker.handle(kind, handler);
          requireKinds(worker, flags.handlers);
          await runWorker(session, {
            mill,
            worker,
            log,
            on: worker.kinds.join(", "),
            ...(flags.drain === true ? { until: (each) => each.drain() } : {}),
          });
        },
        { mayCreate: true, mayBePrivate: true, logger: log.logger },
      );
    });
}

async function findScripts(folders: readonly string[], session: Session): Promise<readonly Script[]> {
  const { scripts } = await loadCatalog(folders, session);
  if (scripts.length === 0) throw new UsageError(`there are no scripts in ${folders.join(", ")}`);
  return scripts;
}

function requireKinds(worker: Worker<Millrace>, file: string | undefined): void {
  if (worker.kinds.length > 0) return;
  throw new UsageError(`the function that ${file ?? "nobody"} exports has registered no handler`, {
    suggestion: 'worker.handle("mail.send", async (job, ctx) => { … })',
  });
}

type WorkerOptions = NonNullable<Parameters<Millrace["worker"]>[0]>;

function optionsOf({ queues, concurrency, labels, scripts }: WorkFlags): WorkerOptions {
  return {
    ...(scripts === undefined ? {} : { abortGraceMs: SCRIPT_ABORT_GRACE_MS }),
    ...(queues === undefined ? {} : { queues }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(labels === undefined ? {} : { labels }),
  };
}
