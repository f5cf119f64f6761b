import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import type { Millrace } from "../../index.ts";
import { BENCH_QUEUE, runBench, type BenchReport, type Measurement } from "../bench-run.ts";
import { fileStore } from "../env.ts";
import { countFlag } from "../flags.ts";
import { guide } from "../guide.ts";
import type { Session } from "../session.ts";

interface BenchFlags {
  readonly jobs: number;
  readonly concurrency: number;
}

export function defineBench(command: Command, session: Session): void {
  guide(command, {
    description: "Measure how many jobs a second this machine adds and runs, Millrace alone.",
    notes: [
      "Without --store it uses a file that it makes in the folder for temporary files and deletes again; MILLRACE_STORE\n" +
        `is left alone. With --store it works in a queue of its own there, "${BENCH_QUEUE}", and deletes its jobs.`,
    ],
    examples: ["millrace bench", "millrace bench --store sqlite:./bench.db --jobs 100000 --json"],
  })
    .option("--jobs <count>", "how many jobs to run", countFlag("--jobs"), 20_000)
    .option("--concurrency <count>", "how many of them at once", countFlag("--concurrency"), 100)
    .action(async (flags: BenchFlags) => {
      // Which says that it needs a store.
      if (session.namedServer !== null) session.storeTarget();
      const report = await (session.namedStore === null
        ? onTemporaryFile(session, flags)
        : onNamedStore(session, flags));
      session.out.progress.clear();
      tell(session, report);
    });
}

async function onTemporaryFile(session: Session, flags: BenchFlags): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  try {
    const target = fileStore(join(folder, "bench.db"));
    return await session.withMill(async (mill) => runBench(mill, flags, session.out.progress), {
      target,
      mayCreate: true,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function onNamedStore(session: Session, flags: BenchFlags): Promise<BenchReport> {
  const run = async (mill: Millrace): Promise<BenchReport> => {
    const counts = await mill.counts();
    const present = Object.values(counts).reduce((sum, count) => sum + count, 0);
    if (present > 0) {
      const jobs = present === 1 ? "a job" : `${present} jobs`;
      session.out.note(
        `Warning: this store has ${jobs}; whoever works on it is slower meanwhile, and so is what is measured.`,
      );
    }
    return runBench(mill, flags, session.out.progress);
  };
  return session.withMill(run, { target: session.storeTarget(), mayCreate: true, mayBePrivate: true });
}

function tell({ out }: Session, report: BenchReport): void {
  const { latency } = report;
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  out.table<Measurement>(
    report,
    [
      { title: "WHAT", text: ({ name }) => name },
      { title: "JOBS", text: ({ jobs }) => String(jobs), align: "right" },
      { title: "SECONDS", text: ({ seconds }) => seconds.toFixed(2), align: "right" },
      { title: "JOBS/S", text: ({ perSecond }) => String(Math.round(perSecond)), align: "right" },
    ],
    report.measurements,
    "",
  );
  out.say("");
  out.say(
    `From enqueue to the handler, one at a time: median ${ms(latency.p50Ms)}, 95 % ${ms(latency.p95Ms)}, ` +
      `99 % ${ms(latency.p99Ms)}, longest ${ms(latency.maxMs)}.`,
  );
}
