import { existsSync, readdirSync } from "node:fs";
import { defineJob, type Job, type JobEventType, type LateReport } from "millrace";
import type { Ended } from "./command-line.ts";
import type { Desk } from "./open-desk.ts";
import { enqueueOneMore } from "./scripts.ts";

const PROOF_READ = defineJob<{ chapter: string }>("proof-read", { manual: true, queue: "docs", timeoutMs: 600_000 });
const RELEASE_NOTES = defineJob<{ version: string }>("release-notes", {
  manual: true,
  queue: "docs",
  timeoutMs: 1_000,
});

export interface ByHandReport {
  /** What happened to the job that took too long. */
  readonly events: readonly { readonly type: JobEventType; readonly at: Date }[];
  readonly lateCompletion: Ended;
  readonly lateReports: readonly LateReport[];
  readonly adopted: Job;
  readonly watcher: Ended;
  /** Lock files that are left when the watcher has gone. */
  readonly locks: readonly string[];
}

/** Two jobs that a person does, beside a watcher: one in time, one not. */
export async function workByHand(desk: Desk): Promise<ByHandReport> {
  const { mill, command, group } = desk;
  const watcher = command.start("watch", "docs", "--scripts", desk.scripts);
  await watcher.said("Working on");

  await mill.enqueue(PROOF_READ, { chapter: "Cancel" }, { group });
  const { job: reading } = await command.json<{ job: Job }>("jobs", "claim", "--queue", "docs");
  await command.json("jobs", "complete", nameOf(reading), "--summary", "two commas, one link");

  const listening = new AbortController();
  const events = collectEvents(desk, listening.signal);
  const { id, number } = await mill.enqueue(RELEASE_NOTES, { version: "1.4" }, { group });
  await command.json("jobs", "claim", `docs#${number}`);
  await enqueueOneMore(desk); // passes by what is held by hand
  await mill.wait(id);
  listening.abort();
  const lateCompletion = await command.run("jobs", "complete", `docs#${number}`, "--summary", "written over lunch");
  const adopted = await command.json<Job>("jobs", "retry", `docs#${number}`, "--adopt");

  return {
    events: (await events).filter(({ job }) => job === id),
    lateCompletion,
    lateReports: await mill.byHand().lateReports(id),
    adopted,
    watcher: await watcher.stop("SIGTERM"),
    locks: locksIn(command.stateFolder),
  };
}

function nameOf({ scope, number }: Job): string {
  return `${scope}#${number}`;
}

async function collectEvents({ mill }: Desk, signal: AbortSignal) {
  const events: { readonly type: JobEventType; readonly at: Date; readonly job: string }[] = [];
  for await (const { type, at, job } of mill.events({ signal })) events.push({ type, at, job });
  return events;
}

function locksIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".lock"));
}
