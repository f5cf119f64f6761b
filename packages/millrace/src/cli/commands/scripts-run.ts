import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import type { HandlerContext } from "../../core/handler.ts";
import type { Job, JobId } from "../../core/job.ts";
import type { JsonValue } from "../../core/json.ts";
import { checkPayload } from "../../core/kind.ts";
import { show } from "../../core/options.ts";
import { isOutcome } from "../../core/outcome.ts";
import type { Millrace } from "../../index.ts";
import { scriptHandlers, type ScriptHandler } from "../../scripts/index.ts";
import { formatDuration } from "../duration.ts";
import { guide } from "../guide.ts";
import { jobLine, errorOf } from "../job-view.ts";
import type { Output } from "../output.ts";
import { parseJson } from "../payload.ts";
import { DEFAULT_FOLDERS, findScript, loadCatalog, repeatedFlag } from "../script-folders.ts";
import type { Session } from "../session.ts";
import { onStopSignal } from "../stop-signals.ts";
import { UsageError } from "../usage-error.ts";

/** Jobs that are run where they are typed wait here, out of the way of other workers. */
const RUN_QUEUE = "scripts.run";

export function defineScriptsRun(command: Command, session: Session): void {
  guide(command, {
    description: "Run a script as a job, here and now, and print what it prints.",
    notes: [
      "What follows -- are the inputs of the script: key=value for a text, key:=JSON for anything else. The job is kept\n" +
        "in the store like any other; it is tried once.",
    ],
    examples: [
      "millrace scripts run nightly-backup",
      "millrace scripts run make-thumbnail --scripts media -- source=a.png width:=200",
    ],
    exits: { 1: "the script failed, or was interrupted", 4: "there is no such script" },
  })
    .argument("<name>", "what the script is called")
    .argument("[inputs...]", "key=value or key:=JSON")
    .option(
      "--scripts <folder>",
      "where scripts lie; may be repeated (default: scripts)",
      repeatedFlag,
      DEFAULT_FOLDERS,
    )
    .action(async (name: string, inputs: readonly string[], flags: { readonly scripts: readonly string[] }) => {
      session.checkPlace();
      const payload = readInputs(inputs);
      const { scripts } = await loadCatalog(flags.scripts, session);
      const onWarning = (text: string): void => session.out.note(`Warning: ${text}`);
      const [handler] = scriptHandlers([findScript(scripts, name)], { onWarning });
      if (handler === undefined) return;
      await checkPayload(handler.definition, payload);
      await session.withMill(async (mill) => runHere(session, mill, handler, payload), { mayCreate: true });
    });
}

function readInputs(inputs: readonly string[]): Readonly<Record<string, JsonValue>> {
  const payload: Record<string, JsonValue> = {};
  for (const input of inputs) {
    const [, name, isJson, value = ""] = /^([^=]*?)(:?)=(.*)$/s.exec(input) ?? [];
    if (name === undefined || name === "") {
      throw new UsageError(`the input ${show(input)} is not understood`, { validOptions: ["key=value", "key:=JSON"] });
    }
    if (Object.hasOwn(payload, name)) throw new UsageError(`the input ${show(name)} is given twice`);
    Object.defineProperty(payload, name, {
      value: isJson === ":" ? parseJson(value, `the input ${show(name)}`) : value,
      enumerable: true,
    });
  }
  return payload;
}

async function runHere(session: Session, mill: Millrace, script: ScriptHandler, payload: JsonValue): Promise<void> {
  const { out } = session;
  // A label that only this process has: no other worker may take the job, and this one takes no other.
  const label = `run=${randomUUID()}`;
  const worker = mill.worker({ queues: [RUN_QUEUE], concurrency: 1, labels: [label] });
  worker.handle(script.kind, async (job, ctx) => {
    const result = await script.handler(job, echoing(ctx, out));
    if (isOutcome(result) && result.type === "snooze")
      out.note(`It asks to be run again in ${formatDuration(result.delayMs)}.`);
    return result;
  });
  const { user } = session.env;
  const { id } = await mill.enqueue(script.definition, payload, {
    queue: RUN_QUEUE,
    requires: [label],
    maxAttempts: 1,
    ...(user === null ? {} : { createdBy: user }),
  });
  const release = onStopSignal(() => void interrupt(session, mill, id));
  try {
    await worker.start();
    tellEnd(session, await mill.wait(id));
  } finally {
    release();
    await worker.stop();
  }
}

async function interrupt({ out, env }: Session, mill: Millrace, id: JobId): Promise<void> {
  out.note("Interrupted; the script is told to stop. A second signal ends at once.");
  try {
    await mill.cancel(id, { reason: "interrupted", ...(env.user === null ? {} : { by: env.user }) });
  } catch {
    // It has just ended by itself; the wait says how.
  }
}

function tellEnd(session: Session, job: Job): void {
  const { out } = session;
  out.progress.clear();
  if (out.isJson) out.item({ job }, () => "");
  else {
    out.note(jobLine(job, out));
    const error = errorOf(job);
    if (error !== null) out.note(error);
  }
  if (job.state !== "completed") session.exitCode = 1;
}

/** The context of the handler, with an echo of what the script says. */
function echoing(ctx: HandlerContext, out: Output): HandlerContext {
  const say = (stream: "log" | "stdout" | "stderr", text: string): void => {
    if (out.isJson) out.item({ stream, text }, () => "");
    else if (stream === "stdout") out.say(text);
    else out.note(text);
  };
  return {
    signal: ctx.signal,
    token: ctx.token,
    attempt: ctx.attempt,
    mill: ctx.mill,
    secrets: async () => ctx.secrets(),
    get artifacts() {
      return ctx.artifacts;
    },
    progress: (percent, message) => {
      out.progress.update(percent, 100, message ?? "");
      ctx.progress(percent, message);
    },
    log: (text) => {
      say("log", text);
      ctx.log(text);
    },
    output: (stream, text) => {
      say(stream, text);
      ctx.output(stream, text);
    },
    checkCancelled: () => ctx.checkCancelled(),
    complete: async (result, options) => ctx.complete(result, options),
  };
}
