import { readFile } from "node:fs/promises";
import { addressFile, SERVER_KEY } from "./measures/http-server.ts";
import { spawnChild } from "./spawn-child.ts";
import type { Figures, Task } from "./task.ts";

/** A server in a process of its own, and how to ask it. */
export interface Server {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** @throws Error for an answer other than 2xx */
  readonly ask: <T>(method: string, path: string, body: unknown, key?: string) => Promise<T>;
}

/** Serve the task's store while `work` goes on; the figures that come out include the CPU time of the server. */
export async function withServer(
  task: Task,
  jobs: number,
  work: (server: Server) => Promise<Figures>,
): Promise<Figures> {
  const child = spawnChild({ ...task, measure: "http-server" });
  await child.ready;
  const url = await readFile(addressFile(task), "utf8");
  const headersFor = (key: string): Record<string, string> => ({
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
  });
  const figures = await work({
    url,
    headers: headersFor(SERVER_KEY),
    ask: async <T>(method: string, path: string, body: unknown, key = SERVER_KEY) => {
      const answer = await fetch(`${url}${path}`, { method, headers: headersFor(key), body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as T;
    },
  });
  child.signal();
  const { cpuMs = 0 } = await child.figures;
  return { ...figures, serverCpuMsPer1000: (cpuMs / jobs) * 1_000 };
}
