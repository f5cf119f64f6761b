import { Option, type Command } from "commander";
import { NotFoundError } from "../../core/errors.ts";
import type { BackoffPolicy } from "../../core/backoff.ts";
import { nameProblem, nearest, show } from "../../core/options.ts";
import type { Queue, QueueOverrides, Retention } from "../../core/queue.ts";
import type { Millrace } from "../../index.ts";
import { parseBackoff } from "../backoff-flag.ts";
import { formatDuration, parseDuration } from "../duration.ts";
import { countFlag, durationFlag, refuse } from "../flags.ts";
import { given } from "../given.ts";
import { guide, guideGroup } from "../guide.ts";
import type { Session } from "../session.ts";
import type { Column } from "../table.ts";
import { UsageError } from "../usage-error.ts";

/** Milliseconds, or a word for no limit. A `null` would be lost: commander takes it for an option without a value. */
type Limit = number | typeof UNLIMITED;
const UNLIMITED = "unlimited";

interface ConfigureFlags {
  readonly maxAttempts?: number;
  readonly timeout?: Limit;
  readonly backoff?: BackoffPolicy;
  readonly cancelGrace?: number;
  readonly numbered?: boolean;
  readonly keepCompleted?: Limit;
  readonly keepFailed?: Limit;
  readonly keepCancelled?: Limit;
}

export function defineQueues(command: Command, session: Session): void {
  guideGroup(command, "List, pause, resume and configure queues.", [
    "millrace queues list",
    "millrace queues pause mail",
    "millrace queues configure mail --max-attempts 5 --keep-failed 30d",
  ]);
  defineList(command.command("list"), session);
  defineSwitch(command.command("pause"), session, true);
  defineSwitch(command.command("resume"), session, false);
  defineConfigure(command.command("configure"), session);
}

function defineList(command: Command, session: Session): void {
  const { out } = session;
  const columns: readonly Column<Queue>[] = [
    { title: "QUEUE", text: ({ name }) => name, canShrink: true },
    {
      title: "STATE",
      text: ({ isPaused }) => (isPaused ? "paused" : "open"),
      style: (text, { isPaused }) => (isPaused ? out.palette.warning(text) : out.palette.good(text)),
    },
    { title: "QUEUED", text: ({ counts }) => String(counts.queued), align: "right" },
    { title: "RUNNING", text: ({ counts }) => String(counts.running), align: "right" },
    { title: "SCHEDULED", text: ({ counts }) => String(counts.scheduled), align: "right" },
    { title: "BLOCKED", text: ({ counts }) => String(counts.blocked), align: "right" },
    { title: "OLDEST", text: ({ oldestReadyAt }) => out.instant(oldestReadyAt) },
  ];
  guide(command, {
    description: "List the queues, and what waits in them.",
    examples: ["millrace queues list --json"],
  }).action(async () =>
    session.withMill(async (mill) => {
      const queues = await mill.queues();
      out.table(queues, columns, queues, "No queues.");
    }),
  );
}

function defineSwitch(command: Command, session: Session, isPaused: boolean): void {
  guide(command, {
    description: isPaused
      ? "Stop claims from a queue. Jobs may still be added, and what runs goes on."
      : "Let workers claim from a paused queue again.",
    examples: [`millrace queues ${isPaused ? "pause" : "resume"} mail`],
    exits: { 4: "there is no such queue" },
  })
    .argument("<queue>", "its name")
    .action(async (name: string) =>
      session.withMill(async (mill) => {
        await requireQueue(mill, name);
        const queue = mill.queue(name);
        tell(session, await (isPaused ? queue.pause() : queue.resume()));
      }),
    );
}

function defineConfigure(command: Command, session: Session): void {
  guide(command, {
    description: "Set what holds for the jobs of a queue, and create it if it is new. What is not given stays.",
    examples: [
      "millrace queues configure mail --max-attempts 5 --timeout 30s --backoff exponential:1s,max=10m",
      "millrace queues configure audit --keep-completed forever",
    ],
  })
    .argument("<queue>", "its name")
    .option("--max-attempts <count>", "tries in all", countFlag("--max-attempts"))
    .option("--timeout <duration>", "time limit of one try, or none", durationOr("none", "--timeout"))
    .option("--backoff <policy>", "delay between tries: fixed:5s, exponential:1s,factor=2,max=5m", parseBackoff)
    .option("--cancel-grace <duration>", "how long a cancelled job may go on", durationFlag("--cancel-grace"))
    .option("--numbered", "give jobs numbers")
    .addOption(new Option("--no-numbered", "give jobs no numbers").default(undefined))
    .option(
      "--keep-completed <duration>",
      "before they are pruned, or forever",
      durationOr("forever", "--keep-completed"),
    )
    .option("--keep-failed <duration>", "likewise", durationOr("forever", "--keep-failed"))
    .option("--keep-cancelled <duration>", "likewise", durationOr("forever", "--keep-cancelled"))
    .action(async (name: string, flags: ConfigureFlags) => {
      refuse(nameProblem(name, "the queue"));
      const settings = settingsOf(flags);
      if (Object.keys(settings).length === 0) {
        throw new UsageError("nothing to configure was given", { suggestion: "millrace queues configure --help" });
      }
      const configure = async (mill: Millrace): Promise<void> =>
        tell(session, await mill.queue(name).configure(settings));
      await session.withMill(configure, { mayCreate: true });
    });
}

function durationOr(word: string, flag: string): (text: string) => Limit {
  return (text) => (text === word ? UNLIMITED : parseDuration(text, flag));
}

function msOf(limit: Limit | undefined): number | null | undefined {
  return limit === UNLIMITED ? null : limit;
}

function settingsOf(flags: ConfigureFlags): QueueOverrides {
  const { maxAttempts, timeout, backoff, cancelGrace, numbered } = flags;
  const retention = given<Partial<Retention>>({
    completedMs: msOf(flags.keepCompleted),
    failedMs: msOf(flags.keepFailed),
    cancelledMs: msOf(flags.keepCancelled),
  });
  return given<QueueOverrides>({
    maxAttempts,
    timeoutMs: msOf(timeout),
    backoff,
    cancelGraceMs: cancelGrace,
    numbered,
    retention: Object.keys(retention).length === 0 ? undefined : retention,
  });
}

/** A mistyped name must not create a queue that nobody works on. */
async function requireQueue(mill: Millrace, name: string): Promise<void> {
  refuse(nameProblem(name, "the queue"));
  const names = (await mill.queues()).map((queue) => queue.name);
  if (names.includes(name)) return;
  const near = nearest(name, names);
  throw new NotFoundError(
    "queue_not_found",
    `there is no queue ${show(name)}${near === undefined ? "" : `; did you mean ${show(near)}?`}`,
  );
}

function tell({ out }: Session, queue: Queue): void {
  const { name, settings } = queue;
  const keep = (ms: number | null): string => (ms === null ? "forever" : formatDuration(ms));
  out.fields(queue, () => [
    ["queue", name],
    ["state", queue.isPaused ? "paused" : "open"],
    ["max attempts", String(settings.maxAttempts)],
    ["time limit", settings.timeoutMs === null ? "none" : formatDuration(settings.timeoutMs)],
    ["backoff", JSON.stringify(settings.backoff)],
    ["cancel grace", formatDuration(settings.cancelGraceMs)],
    ["numbered", settings.numbered ? "yes" : "no"],
    [
      "keeps",
      `completed ${keep(settings.retention.completedMs)}, failed ${keep(settings.retention.failedMs)}, cancelled ${keep(settings.retention.cancelledMs)}`,
    ],
  ]);
}
