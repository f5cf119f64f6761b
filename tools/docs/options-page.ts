import { Source, type Member } from "./doc-comments.ts";
import { code, table } from "./markdown.ts";

/** What the source leaves to the name. */
const PLAIN: Readonly<Record<string, string>> = {
  queue: "The queue the job waits in.",
  numbered: "Whether the job gets a number.",
  group: "A name for jobs that belong together, to find them by.",
  maxAttempts: "Tries in all.",
  backoff: "Delays between attempts, see [below](#backoff).",
  retention: "How long finished jobs are kept, see below.",
  completedMs: "For completed jobs.",
  failedMs: "For failed jobs.",
  cancelledMs: "For cancelled jobs.",
};

/** Types that say more to the compiler than to a reader. */
const READABLE: Readonly<Record<string, string>> = {
  "number | keyof typeof PRIORITY_WORDS": `number | "high" | "medium" | "low"`,
  Schema: "Standard Schema",
  "NodeJS.ProcessEnv": "Record<string, string>",
};

export function optionsPage(): string {
  const backoff = new Source("core/backoff.ts");
  const queue = new Source("core/queue.ts");
  const scripts = new Source("scripts/script-handlers.ts");
  return `# Options

Durations end in \`Ms\` and are milliseconds. An unknown option is refused, with the nearest known one as a hint; of wrong
options all are told at once.

## openMillrace(target, options)

\`target\` is \`sqlite:./file.db\`, \`memory:\`, or a better-sqlite3 \`Database\`, to whose file a connection is opened.

${optionsTable(new Source("open-millrace.ts").members("MillraceOptions"))}

## defineJob(kind, options)

${optionsTable(new Source("core/kind.ts").members("JobDefinitionOptions"))}

## mill.enqueue(kind, payload, options)

What is left out falls to the definition, then to the settings of the queue.

${optionsTable(new Source("runtime/enqueue-options.ts").members("EnqueueOptions"))}

## mill.schedule(name, cron, kind, payload, options)

The options of \`enqueue\` without \`tx\`, \`delayMs\` and \`runAt\`, and:

${optionsTable(new Source("runtime/schedule-options.ts").members("ScheduleOptions"))}

## mill.worker(options)

${optionsTable(new Source("runtime/worker-options.ts").members("WorkerOptions"))}

## mill.queue(name).configure(settings)

What is given is set, the rest stays. \`numbered\` and \`maxAttempts\` are looked up when a job is enqueued, so a change holds
for later jobs. \`timeoutMs\`, \`backoff\`, \`cancelGraceMs\` and \`retention\` are looked up when they are needed, so a change
holds for the jobs that are there as well.

${optionsTable(queue.members("QueueSettings"))}

\`retention\` has a time for each final state. ${queue.docOf("Retention").text} 7 days unless set.

${optionsTable(queue.members("Retention"))}

## scriptHandlers(scripts, options)

From \`millrace/scripts\`.

${optionsTable([
  ...scripts.members("ScriptHandlersOptions"),
  ...new Source("scripts/run-script.ts").members("RunScriptOptions").filter(({ name }) => name !== "args"),
])}

## Backoff

${backoff.docOf("BackoffPolicy").text} The default is exponential from one second: ${backoff.docOf("DEFAULT_BACKOFF").text}

\`\`\`ts
${backoff.textOf("BackoffPolicy")}
\`\`\`

A definition may have a function in its place. ${backoff.docOf("BackoffFunction").text} It runs in the worker, so only workers
that handle the definition know it.

\`\`\`ts
import type { JobError } from "millrace";

${backoff.textOf("BackoffFunction")}
\`\`\`
`;
}

function optionsTable(members: readonly Member[]): string {
  return table(
    ["option", "type", "default", "what it does"],
    members.map(({ name, type, isOptional, doc }) => [
      code(name),
      code(readable(type)),
      doc.fallback === null ? (isOptional ? "none" : "") : doc.fallback,
      doc.text === "" ? (PLAIN[name] ?? missing(name)) : doc.text,
    ]),
  );
}

function missing(name: string): never {
  throw new Error(`the option ${name} has no comment that says what it does`);
}

function readable(type: string): string {
  return (READABLE[type] ?? type).replaceAll("readonly ", "").replaceAll(/Readonly<(Record<[^>]+>)>/g, "$1");
}
