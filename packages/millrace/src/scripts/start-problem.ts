import { PermanentError } from "../core/errors.ts";
import type { Script } from "./catalog.ts";
import { resolveCommand } from "./interpreter.ts";
import type { RunScriptOptions } from "./run-script.ts";

/**
 * Why a script could not start here and now, as a sentence, such as the program it needs and this machine has not;
 * `undefined` when it could. For telling beforehand: a job whose script cannot start fails for good.
 */
export async function startProblem(
  script: Pick<Script, "path">,
  options: Pick<RunScriptOptions, "env"> = {},
): Promise<string | undefined> {
  try {
    // oxlint-disable-next-line node/no-process-env -- asks about the PATH that a script would inherit
    await resolveCommand(script.path, (options.env ?? process.env)["PATH"]);
    return undefined;
  } catch (error) {
    if (error instanceof PermanentError) return error.message;
    throw error;
  }
}
