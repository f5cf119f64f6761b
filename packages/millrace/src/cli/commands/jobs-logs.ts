import type { Command } from "commander";
import type { JobId } from "../../core/job.ts";
import type { LogLine } from "../../core/log-line.ts";
import { isFinal } from "../../core/states.ts";
import type { Millrace } from "../../index.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { guide } from "../guide.ts";
import { findJob, JOB_NAME_HELP, parseJobName, type JobName } from "../job-name.ts";
import type { Session } from "../session.ts";
import { safeForTerminal } from "../text-width.ts";

const PAGE = 1_000;
/** Lines of a log are no events that could wake us, so they are asked for. */
const LOOK_EVERY_MS = 250;

export function defineJobsLogs(command: Command, session: Session): void {
  guide(command, {
    description: "Print the log of a job. With --json one JSON text per line.",
    examples: ["millrace jobs logs mail#42", "millrace jobs logs mail#42 --follow --json"],
    exits: { 2: "wrong usage, or the name fits several jobs", 4: "there is no such job" },
  })
    .argument("<job>", JOB_NAME_HELP, parseJobName)
    .option("--follow", "go on until the job has ended")
    .action(async (name: JobName, flags: { readonly follow?: true }) =>
      session.withMill(async (mill) => {
        const { id } = await findJob(mill, name);
        if (flags.follow === true) await follow(mill, id, session);
        else await printFrom(mill, id, 0, session);
      }),
    );
}

async function follow(mill: Millrace, id: JobId, session: Session): Promise<void> {
  let after = 0;
  const gone = new AbortController();
  session.out.whenGone(() => gone.abort());
  while (!gone.signal.aborted) {
    const job = await mill.get(id);
    // Read after the state was seen: what was written before the end is in these lines.
    after = await printFrom(mill, id, after, session);
    if (job === null || isFinal(job.state)) return;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Print all lines above a sequence number; answers the last one. */
async function printFrom(mill: Millrace, id: JobId, after: number, { out }: Session): Promise<number> {
  let last = after;
  for (;;) {
    const lines = await mill.logs(id, { after: last, limit: PAGE });
    for (const line of lines) out.item(line, () => textOf(line, out.isTerminal));
    last = lines.at(-1)?.sequence ?? last;
    if (lines.length < PAGE) return last;
  }
}

function textOf({ text }: LogLine, isTerminal: boolean): string {
  return isTerminal ? safeForTerminal(text) : text;
}
