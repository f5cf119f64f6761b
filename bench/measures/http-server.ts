import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openMillrace } from "millrace";
import { serveHttp } from "millrace/http";
import { storeOf } from "../contestants/millrace.ts";
import { nextSignal } from "../signals.ts";
import type { Figures, Task } from "../task.ts";

/** The key of the owner. */
export const SERVER_KEY = "the-key-of-the-owner-while-it-is-measured";

/** Where the server of a task writes down its address when it listens. */
export function addressFile({ folder }: Task): string {
  return join(folder, "server.url");
}

/** Serves the HTTP API until told to stop; answers what CPU time that took. Its limits are out of the way. */
export async function measure(task: Task): Promise<Figures> {
  const mill = await openMillrace(storeOf(task));
  const limits = { requestsPerMinute: 1_000_000_000, streams: 10_000, longPolls: 10_000 };
  const server = await serveHttp({ mill, apiKey: SERVER_KEY, port: 0, limits });
  await writeFile(addressFile(task), server.url);
  const stop = nextSignal();
  process.send?.({ isReady: true });
  const before = process.cpuUsage();
  await stop;
  const { user, system } = process.cpuUsage(before);
  await server.stop();
  await mill.close();
  return { cpuMs: (user + system) / 1_000 };
}
