import { Option, type Command } from "commander";
import type { BackoffPolicy } from "../../core/backoff.ts";
import type { Job } from "../../core/job.ts";
import { MANUAL } from "../../core/manual.ts";
import { nameProblem } from "../../core/options.ts";
import type { EnqueueOptions, Millrace } from "../../index.ts";
import { parseBackoff } from "../backoff-flag.ts";
import { countFlag, durationFlag, labelsFlag, nameFlag, priorityFlag, refuse, tagsFlag, textFlag } from "../flags.ts";
import { given } from "../given.ts";
import { guide } from "../guide.ts";
import { parseInstant } from "../instant.ts";
import { jobLine } from "../job-view.ts";
import { jobReport, waitForJob } from "../job-wait.ts";
import { readPayload } from "../payload.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";

/** A hundred years: what is due later is a slip of the hand. */
const MAX_DELAY_MS = 36_500 * 86_400_000;

interface EnqueueFlags {
  readonly queue?: string;
  readonly priority?: number;
  readonly in?: number;
  readonly at?: Date;
  readonly key?: string;
  readonly scope?: string;
  readonly group?: string;
  readonly tag?: Readonly<Record<string, string>>;
  readonly requires?: readonly string[];
  readonly manual?: true;
  readonly fairKey?: string;
  readonly maxAttempts?: number;
  readonly timeout?: number;
  readonly backoff?: BackoffPolicy;
  /** `--no-number`. A command that is loaded late has no default for its negated options. */
  readonly number?: false;
  readonly wait?: true;
  readonly waitTimeout?: number;
}

export function defineEnqueue(command: Command, session: Session): void {
  guide(command, {
    description: "Add a job, and print its id and its name.",
    notes: ["PAYLOAD is JSON, @FILE for the JSON in a file, or - for standard input. Without it the payload is null."],
    examples: [
      `millrace enqueue mail.send '{"to": "ada@example.com"}'`,
      "millrace enqueue report.build @report.json --queue reports --in 5m --max-attempts 5",
      "millrace enqueue video.transcode @job.json --priority high --requires gpu --wait",
    ],
    exits: {
      1: "with --wait: the job failed or was cancelled",
      3: "with --wait: the job had not ended after --wait-timeout",
      5: "a live job has this key and another payload",
    },
  })
    .argument("<kind>", "what sort of job it is; picks the handler")
    .argument("[payload]", "JSON, @FILE or -")
    .option("--queue <name>", 'the queue it waits in (default "default")', nameFlag("--queue"))
    .option(
      "--priority <number>",
      "higher runs sooner: a number, or high, medium, low (default 0)",
      priorityFlag("--priority"),
    )
    .addOption(
      new Option("--in <duration>", "not before so much time has passed, such as 90s or 5m")
        .argParser(durationFlag("--in", 0, MAX_DELAY_MS))
        .conflicts("at"),
    )
    .option("--at <time>", "not before this time, in ISO 8601", (text) => parseInstant(text, "--at"))
    .option("--key <key>", "at most one live job has this key; if there is one, it is the answer", textFlag("--key"))
    .option("--scope <name>", "what it is numbered under (default: the queue)", nameFlag("--scope"))
    .option("--no-number", "give it no number")
    .option("--group <name>", "jobs that belong together", nameFlag("--group"))
    .option("--tag <name=value>", "a mark to find it by; may be repeated", tagsFlag("--tag"))
    .option("--requires <labels>", "labels a worker must have, apart by commas", labelsFlag("--requires"))
    .option("--manual", "done by hand: claimed and reported with `millrace jobs claim` and `complete`")
    .option("--fair-key <key>", "jobs of a queue with different keys take turns", nameFlag("--fair-key"))
    .option("--max-attempts <count>", "tries in all (default: the queue's, 3)", countFlag("--max-attempts"))
    .option("--timeout <duration>", "time limit of one try", durationFlag("--timeout"))
    .option("--backoff <policy>", "delay between tries: fixed:5s, exponential:1s,factor=2,max=5m", parseBackoff)
    .option("--wait", "wait until the job has ended, and print its result")
    .option(
      "--wait-timeout <duration>",
      "with --wait: give up after so long; the job goes on",
      durationFlag("--wait-timeout"),
    )
    .action(async (kind: string, payload: string | undefined, flags: EnqueueFlags) => {
      refuse(nameProblem(kind, "the kind"));
      if (flags.waitTimeout !== undefined && flags.wait !== true) throw new UsageError("--wait-timeout needs --wait");
      session.checkPlace();
      const value = await readPayload(payload);
      const add = async (mill: Millrace): Promise<void> => {
        const job = await mill.enqueue(kind, value, optionsOf(flags, session.env.user));
        if (flags.wait === true) await tellEnd(session, mill, job, flags.waitTimeout);
        else session.out.answer(job, () => [jobLine(job, session.out)]);
      };
      await session.withMill(add, { mayCreate: true });
    });
}

async function tellEnd(session: Session, mill: Millrace, job: Job, timeoutMs: number | undefined): Promise<void> {
  session.out.note(jobLine(job, session.out));
  const ended = await waitForJob(session, mill, job, timeoutMs);
  session.out.answer(ended, () => jobReport(ended, session.out));
  if (ended.state !== "completed") session.exitCode = 1;
}

/** Only what was typed: what is left out falls to the queue's settings. */
function optionsOf(flags: EnqueueFlags, user: string | null): EnqueueOptions {
  return given<EnqueueOptions>({
    queue: flags.queue,
    priority: flags.priority,
    delayMs: flags.in,
    runAt: flags.at,
    key: flags.key,
    scope: flags.scope,
    numbered: flags.number === false ? false : undefined,
    group: flags.group,
    tags: flags.tag,
    requires: flags.manual === true ? [...(flags.requires ?? []), MANUAL] : flags.requires,
    fairKey: flags.fairKey,
    maxAttempts: flags.maxAttempts,
    timeoutMs: flags.timeout,
    backoff: flags.backoff,
    createdBy: user ?? undefined,
  });
}
