import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { onTestFinished } from "vitest";
import { API_KEY } from "./bench.ts";

/** Those of the programs that this machine does not have. */
export function missingPrograms(...programs: readonly string[]): readonly string[] {
  return programs.filter((program) => spawnSync(program, ["--version"]).error !== undefined);
}

/** What a worker is told; its key is the owner's unless it has another. */
interface Told {
  readonly url: string;
  readonly id: string;
  readonly key?: string;
}

/** A worker in another language, with quick heartbeats; killed with all that it started when the test ends. */
export function startWorker(
  { url, id, key = API_KEY }: Told,
  program: string,
  ...args: readonly string[]
): ChildProcess {
  const names = { MILLRACE_URL: url, MILLRACE_API_KEY: key, MILLRACE_WORKER_ID: id, MILLRACE_HEARTBEAT: "0.2" };
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...names };
  const child = spawn(program, args, { env, stdio: ["ignore", "inherit", "inherit"], detached: true });
  onTestFinished(() => killGroup(child));
  return child;
}

export function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}
