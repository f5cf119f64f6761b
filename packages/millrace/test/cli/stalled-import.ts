import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { text as textOf } from "node:stream/consumers";
import { BIN, NODE_OPTIONS, quietEnvironment } from "./spawn-millrace.ts";

export interface StalledImport {
  readonly child: ChildProcess;
  /** Ends it, and tells how it ended. */
  end(signal: NodeJS.Signals): Promise<{ readonly exitCode: number | null; readonly stderr: string }>;
}

/** An import that is given all of an export but its end, and waits for that. */
export async function stallImport(file: string, store: string, cwd: string): Promise<StalledImport> {
  const lines = await readFile(file, "utf8");
  const args = [...NODE_OPTIONS, BIN, "import", "-", "--store", store];
  const child = spawn(process.execPath, args, { cwd, env: quietEnvironment(), stdio: "pipe" });
  const stderr = textOf(child.stderr);
  child.stdin.write(lines.slice(0, lines.lastIndexOf('{"type":"end"')));
  return {
    child,
    end: async (signal) => {
      const closed = once(child, "close") as Promise<[number | null]>;
      child.kill(signal);
      const [exitCode] = await closed;
      return { exitCode, stderr: await stderr };
    },
  };
}
