import { AttemptTimeoutError } from "../core/errors.ts";
import type { Handler, HandlerContext } from "../core/handler.ts";
import { checkPayload, defineJob, type JobDefinition } from "../core/kind.ts";
import { durationProblem, nameProblem, refuseOptions, unknownKeys } from "../core/options.ts";
import type { Script } from "./catalog.ts";
import { inputSchema } from "./input-schema.ts";
import { runScript, type RunScriptOptions, type ScriptContext } from "./run-script.ts";
import { DEFAULT_SCRIPT_TIMEOUT_MS, TIMEOUT_CLASSES } from "./timeout.ts";

export const DEFAULT_SCRIPT_QUEUE = "scripts";

export interface ScriptHandlersOptions extends Omit<RunScriptOptions, "args"> {
  /** The queue of scripts that name none. @default "scripts" */
  readonly queue?: string;
  /** The time limit of scripts that have neither one nor a class, in milliseconds. @default 300_000 */
  readonly defaultTimeoutMs?: number;
  /** Classes besides the built-in ones, or in their place: name → milliseconds. @default none */
  readonly timeoutClasses?: Readonly<Record<string, number>>;
  /** Is told what is odd about a script, such as a class that does not exist. @default nobody */
  readonly onWarning?: (text: string) => void;
}

/** A script as a worker takes it. */
export interface ScriptHandler {
  /** The script's name. */
  readonly kind: string;
  readonly queue: string;
  /** Kept by the handler itself for jobs that were enqueued without a limit of their own. */
  readonly timeoutMs: number;
  readonly handler: Handler;
  /** To enqueue with the queue, limits and required inputs of the script: `mill.enqueue(definition, payload)`. */
  readonly definition: JobDefinition;
  readonly script: Script;
}

const OPTION_KEYS = [
  "queue",
  "defaultTimeoutMs",
  "timeoutClasses",
  "onWarning",
  "cwd",
  "env",
  "killGraceMs",
] as const satisfies readonly (keyof ScriptHandlersOptions)[];

/**
 * A handler for each script: `for (const s of scriptHandlers(scripts)) worker.handle(s.kind, s.handler)`.
 * @throws OptionsError naming every wrong option; on Windows always, which has no process groups
 */
export function scriptHandlers(
  scripts: readonly Script[],
  options: ScriptHandlersOptions = {},
): readonly ScriptHandler[] {
  refuseOptions([
    process.platform === "win32" ? "scripts do not run on Windows: it has no process groups to end them by" : undefined,
    ...unknownKeys(options, OPTION_KEYS, "scriptHandlers()"),
  ]);
  const { queue = DEFAULT_SCRIPT_QUEUE, defaultTimeoutMs = DEFAULT_SCRIPT_TIMEOUT_MS, timeoutClasses = {} } = options;
  refuseOptions([
    nameProblem(queue, "scriptHandlers(): queue"),
    durationProblem(defaultTimeoutMs, "scriptHandlers(): defaultTimeoutMs"),
    durationProblem(options.killGraceMs, "scriptHandlers(): killGraceMs", 0),
    ...Object.entries(timeoutClasses).map(([name, ms]) => durationProblem(ms, `scriptHandlers(): the class ${name}`)),
  ]);
  const limitByClass = new Map(Object.entries({ ...TIMEOUT_CLASSES, ...timeoutClasses }));
  return scripts.map((script) => {
    const classLimit = script.taskClass === null ? undefined : limitByClass.get(script.taskClass);
    if (script.taskClass !== null && classLimit === undefined) {
      options.onWarning?.(
        `${script.path}: there is no task_class "${script.taskClass}"; known are ${[...limitByClass.keys()].join(", ")}`,
      );
    }
    return handlerOf(script, script.queue ?? queue, script.timeoutMs ?? classLimit ?? defaultTimeoutMs, options);
  });
}

function handlerOf(script: Script, queue: string, timeoutMs: number, run: RunScriptOptions): ScriptHandler {
  const definition = defineJob(script.name, {
    input: inputSchema(script.inputs),
    queue,
    timeoutMs,
    ...(script.maxAttempts === null ? {} : { maxAttempts: script.maxAttempts }),
    ...(script.requires.length === 0 ? {} : { requires: script.requires }),
  });
  const handler: Handler = async (job, ctx) => {
    await checkPayload(definition, job.payload);
    // A limit the job was enqueued with is kept by the worker.
    if (job.timeoutMs !== null) return runScript(script, job, ctx, run);
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new AttemptTimeoutError(timeoutMs)), timeoutMs);
    try {
      return await runScript(script, job, withLimit(ctx, limit.signal), run);
    } finally {
      clearTimeout(timer);
    }
  };
  return Object.freeze({ kind: script.name, queue, timeoutMs, handler, definition, script });
}

function withLimit(ctx: HandlerContext, limit: AbortSignal): ScriptContext {
  return {
    signal: AbortSignal.any([ctx.signal, limit]),
    token: ctx.token,
    progress: (percent, message) => ctx.progress(percent, message),
    log: (text) => ctx.log(text),
    output: (stream, text) => ctx.output(stream, text),
    secrets: async () => ctx.secrets(),
  };
}
