import { constants } from "node:fs";
import { access, open, stat } from "node:fs/promises";
import { basename, delimiter, extname, isAbsolute, join } from "node:path";
import { PermanentError } from "../core/errors.ts";

/** Which program runs a file that does not say so itself. A name is looked up in the PATH. */
export const INTERPRETERS: Readonly<Record<string, string>> = {
  ".sh": "sh",
  ".bash": "bash",
  ".py": "python3",
  ".rb": "ruby",
  ".pl": "perl",
  // The Node that runs us: always there, and recent enough to take TypeScript as it is.
  ".js": process.execPath,
  ".mjs": process.execPath,
  ".cjs": process.execPath,
  ".ts": process.execPath,
};

/** What to start: the script itself, or its interpreter with the script as first argument. */
export interface ScriptCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * How to start a script: by itself if it is executable and begins with `#!`, else with the program its first line
 * names, else with the one for its extension.
 * @throws PermanentError when the file is gone or is no script, and when its program is missing, naming it
 */
export async function resolveCommand(path: string, searchPath: string | undefined): Promise<ScriptCommand> {
  await refuseMissing(path);
  const shebang = parseShebang(await firstLine(path));
  const named = shebang === undefined ? undefined : await findProgram(shebang.program, searchPath);
  if (shebang !== undefined && (await isExecutable(path))) {
    if (named === undefined) throw missingProgram(path, shebang.program);
    return { program: path, args: [] };
  }
  // Not executable, perhaps because the file system keeps no such mark: what the first line asks for is still best.
  if (shebang !== undefined && named !== undefined) return { program: named, args: [...shebang.args, path] };

  const wanted = INTERPRETERS[extname(path).toLowerCase()];
  if (wanted === undefined) {
    const advice = shebang === undefined ? `begin it with "#!"` : `make it executable: chmod +x ${path}`;
    throw new PermanentError(`cannot tell what runs the script ${path}: ${advice}`);
  }
  const found = await findProgram(wanted, searchPath);
  if (found === undefined) throw missingProgram(path, wanted);
  return { program: found, args: [path] };
}

async function refuseMissing(path: string): Promise<void> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw new PermanentError(`the script ${path} is not there any more`, { cause });
  });
  if (!stats.isFile()) throw new PermanentError(`the script ${path} is not a file`);
}

function missingProgram(path: string, program: string): PermanentError {
  // A file saved with Windows line ends asks for a program whose name ends in a carriage return.
  if (program.endsWith("\r")) {
    return new PermanentError(
      `the script ${path} has Windows line ends (CR LF); save it with LF, or its #! line names no program`,
    );
  }
  return new PermanentError(
    `the script ${path} needs ${basename(program)}, and there is no ${program} on this machine`,
  );
}

interface Shebang {
  readonly program: string;
  readonly args: readonly string[];
}

/** `#!/bin/sh -e`, `#!/usr/bin/env python3`, `#!/usr/bin/env -S node --flag`: the program that is really wanted. */
export function parseShebang(line: string): Shebang | undefined {
  if (!line.startsWith("#!")) return undefined;
  const words = line
    .slice(2)
    .split(/[ \t]+/)
    .filter((word) => word !== "");
  const [first, ...rest] = words;
  if (first === undefined) return undefined;
  if (basename(first) !== "env") return { program: first, args: rest };
  const at = rest.findIndex((word) => !word.startsWith("-") && !/^\w+=/.test(word));
  const program = rest[at];
  return program === undefined ? { program: first, args: rest } : { program, args: rest.slice(at + 1) };
}

const FIRST_LINE_BYTES = 512;

async function firstLine(path: string): Promise<string> {
  // A script that may be run but not read still runs.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (file === undefined) return "";
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_LINE_BYTES), 0, FIRST_LINE_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead).split("\n", 1)[0] ?? "";
  } finally {
    await file.close();
  }
}

async function findProgram(program: string, searchPath: string | undefined): Promise<string | undefined> {
  if (program.includes("/")) return (await isExecutable(program)) ? program : undefined;
  for (const folder of (searchPath ?? "/usr/local/bin:/usr/bin:/bin").split(delimiter)) {
    const candidate = join(folder === "" ? "." : folder, program);
    if (isAbsolute(candidate) && (await isExecutable(candidate))) return candidate;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
