import { spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { PermanentError } from "../core/errors.ts";
import type { ScriptExit } from "./end-of-group.ts";
import { resolveCommand, type ScriptCommand } from "./interpreter.ts";
import { ProcessGroup } from "./process-group.ts";
import type { ScriptProcess } from "./script-pipes.ts";

interface StartedScript {
  readonly child: ScriptProcess;
  readonly group: ProcessGroup;
  /** When the script's own process ends; others of its group may go on. */
  readonly exited: Promise<ScriptExit>;
}

interface StartOptions {
  readonly args?: readonly string[];
  readonly cwd?: string;
}

/**
 * Start a script in a session and process group of its own, so that a signal reaches all it starts, and none that a
 * terminal sends to the worker reaches it.
 * @throws PermanentError when it cannot be started and trying again would not help
 */
export async function startScript(
  path: string,
  { program, args }: ScriptCommand,
  env: NodeJS.ProcessEnv,
  { args: own = [], cwd }: StartOptions,
): Promise<StartedScript> {
  if (cwd !== undefined && !(await isFolder(cwd))) {
    throw new PermanentError(`the script ${path} should run in ${cwd}, which is no folder`);
  }
  try {
    const child = spawn(program, [...args, ...own], {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      env,
      ...(cwd === undefined ? {} : { cwd }),
    });
    const exited = new Promise<ScriptExit>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    const id = await new Promise<number>((resolve, reject) => {
      child.once("spawn", () => resolve(child.pid as number));
      child.on("error", reject);
    });
    return { child, group: new ProcessGroup(id), exited };
  } catch (cause) {
    // Something has changed since it was looked at: the second look says what.
    await resolveCommand(path, env["PATH"]);
    const { code, message } = cause as NodeJS.ErrnoException;
    const text = `the script ${path} could not be started: ${message}`;
    throw code === "EACCES" || code === "ENOEXEC" ? new PermanentError(text, { cause }) : new Error(text, { cause });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
