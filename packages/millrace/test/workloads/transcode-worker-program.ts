import { setTimeout as sleep } from "node:timers/promises";
import { openMillrace } from "millrace";

/** What the program is started with. */
export interface FleetInput {
  readonly server: string;
  readonly key: string;
  readonly leaseMs: number;
  /** How long a job takes. */
  readonly workMs: number;
}

const { server, key, leaseMs, workMs } = JSON.parse(process.argv[2] ?? "{}") as FleetInput;
const mill = await openMillrace(server, { key });
const worker = mill.worker({ leaseMs, concurrency: 4, queues: ["live", "default", "batch"] });

worker.handle("transcode", async (_, ctx) => {
  ctx.progress(50, "half of it");
  await sleep(workMs, undefined, { signal: ctx.signal });
  return { token: ctx.token };
});
// As a driver of a graphics card that takes the machine with it.
worker.handle("crash", () => void process.kill(process.pid, "SIGKILL"));

process.once("SIGTERM", () => {
  void worker
    .stop()
    .then(() => mill.close())
    .then(() => process.disconnect());
});
await worker.start();
process.send?.("started");
