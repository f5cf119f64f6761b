import { basename } from "node:path";
import { PermanentError } from "../core/errors.ts";
import type { HandlerContext, HandlerResult } from "../core/handler.ts";
import { snooze } from "../core/outcome.ts";
import type { Script } from "./catalog.ts";
import { endOfGroup, KILL_GRACE_MS, type ScriptExit } from "./end-of-group.ts";
import { resolveCommand } from "./interpreter.ts";
import { scriptEnvironment, type ScriptJob } from "./script-environment.ts";
import { ScriptOutput, type ScriptReport } from "./script-output.ts";
import { ScriptPipes } from "./script-pipes.ts";
import { startScript } from "./start-script.ts";

/** The script says that trying again is of no use (EX_USAGE of sysexits.h): the job fails for good. */
export const PERMANENT_EXIT_CODE = 64;
/** The script asks to be run again later (EX_TEMPFAIL of sysexits.h); the attempt is not counted. */
export const SNOOZE_EXIT_CODE = 75;
/** How much later. */
export const SNOOZE_MS = 60_000;

export interface RunScriptOptions {
  /** Arguments for the script. @default none */
  readonly args?: readonly string[];
  /** The folder it runs in. @default the one of this process */
  readonly cwd?: string;
  /**
   * The variables it starts with; `MILLRACE_…` are left out and those of the job added. What a script should know
   * besides, such as the PATH, must be among them.
   * @default those of this process
   */
  readonly env?: NodeJS.ProcessEnv;
  /**
   * How long a script that should stop may take, from SIGTERM to SIGKILL, in milliseconds; after a lost lease it is
   * 2000 at most, since the next attempt may have begun. Give the worker an `abortGraceMs` that is longer by some
   * seconds, or it starts other work while this one is still ending.
   * @default 10_000
   */
  readonly killGraceMs?: number;
}

/** What a script needs of a handler's context. */
export type ScriptContext = Pick<HandlerContext, "signal" | "token" | "progress" | "log" | "output"> &
  Partial<Pick<HandlerContext, "secrets">>;

/** A script that ended with an exit code that stands for failure, or by a signal: a failed attempt. */
export class ScriptError extends Error {
  override readonly name = "ScriptError";
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;

  constructor(message: string, exit: ScriptExit) {
    super(message);
    this.exitCode = exit.code;
    this.signal = exit.signal;
  }
}

/**
 * Run a script as one attempt of a job, in a process group of its own.
 *
 * It gets the payload as JSON on its standard input and in `MILLRACE_PAYLOAD`, each field in `MILLRACE_INPUT_<FIELD>`,
 * and its job in `MILLRACE_JOB_ID`, `_NUMBER`, `_SCOPE`, `_QUEUE`, `_KIND`, `_ATTEMPT`, `_MAX_ATTEMPTS`, `_TOKEN`.
 * A payload above 64 KiB is on the standard input only. Secrets of the job are in `MILLRACE_JOB_SECRET_<NAME>`.
 * The last line of its standard output that is JSON is the result; a line `::progress 40 message` reports progress;
 * all others are kept as the job's log. Exit code 0 is done, 64 failed for good, 75 try again in a minute, anything
 * else a failed attempt.
 *
 * When the context's signal fires, the group gets SIGTERM, and SIGKILL after the grace. No process of the group is
 * left when this settles, whatever the script did; one that made a group of its own (`setsid`) is not the script's.
 * POSIX only: there are no process groups on Windows.
 * @throws PermanentError when it cannot start, now or later; ScriptError when it failed; the signal's reason when stopped
 */
export async function runScript(
  script: Pick<Script, "path">,
  job: ScriptJob,
  ctx: ScriptContext,
  options: RunScriptOptions = {},
): Promise<HandlerResult> {
  ctx.signal.throwIfAborted();
  const secrets = (await ctx.secrets?.()) ?? {};
  // oxlint-disable-next-line node/no-process-env -- inheriting is not reading settings; little runs without a PATH
  const { variables, payloadJson } = scriptEnvironment(job, ctx.token, options.env ?? process.env, secrets);
  const command = await resolveCommand(script.path, variables["PATH"]);
  ctx.signal.throwIfAborted();

  const failure = new AbortController();
  const report = guarded(ctx, failure);
  const output = new ScriptOutput(report);
  const { child, group, exited } = await startScript(script.path, command, variables, options);
  const pipes = new ScriptPipes(child, output, payloadJson);
  const { exit, isStopped } = await endOfGroup(group, exited, {
    signal: AbortSignal.any([ctx.signal, failure.signal]),
    killGraceMs: options.killGraceMs ?? KILL_GRACE_MS,
    log: report.log,
  });
  await pipes.close();
  failure.signal.throwIfAborted();
  if (isStopped) ctx.signal.throwIfAborted();
  return outcomeOf(basename(script.path), exit, output, report);
}

/**
 * The context's functions, called from the events of a pipe, where an exception would end this process: the first one
 * stops the script instead, and is thrown by `runScript`.
 */
function guarded(ctx: ScriptContext, failure: AbortController): ScriptReport {
  const tell = (say: () => void): void => {
    if (failure.signal.aborted) return;
    try {
      say();
    } catch (error) {
      failure.abort(error);
    }
  };
  return {
    progress: (percent, message) => tell(() => ctx.progress(percent, message)),
    log: (text) => tell(() => ctx.log(text)),
    output: (stream, text) => tell(() => ctx.output(stream, text)),
  };
}

function outcomeOf(name: string, exit: ScriptExit, output: ScriptOutput, report: ScriptReport): HandlerResult {
  if (exit.code === SNOOZE_EXIT_CODE) return snooze(SNOOZE_MS);
  if (exit.code === 0) {
    const oversized = output.oversizedResult();
    if (oversized !== undefined) report.log(`not taken as the result: ${oversized}`);
    return output.result();
  }
  const message = failureMessage(name, exit, output.tail());
  throw exit.code === PERMANENT_EXIT_CODE ? new PermanentError(message) : new ScriptError(message, exit);
}

function failureMessage(name: string, exit: ScriptExit, tail: readonly string[]): string {
  const how = exit.signal === null ? `ended with exit code ${exit.code ?? "unknown"}` : `was ended by ${exit.signal}`;
  return tail.length === 0 ? `${name} ${how}` : `${name} ${how}; the last lines of its stderr:\n${tail.join("\n")}`;
}
