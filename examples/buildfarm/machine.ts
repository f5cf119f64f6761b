// A volunteer's machine. It knows the server and a key to register with; the key that it gets there is its own, lives for
// 90 s and is renewed while it is heard of.
import { isMillraceError, openMillrace } from "millrace";
import { build } from "./build.ts";
import { BUILD, BUILDS, type Order } from "./orders.ts";

export interface MachineWord {
  readonly says: "ready" | "refused";
}

const { MILLRACE_SERVER: url = "", MILLRACE_KEY: key = "", MACHINE: name = "machine" } = process.env;
const mill = await openMillrace(url, { key });
// One build at a time. A machine that is silent for 2 s has lost what it holds: here, so that nobody has to wait long.
const worker = mill.worker({
  name,
  queues: [BUILDS],
  concurrency: 1,
  leaseMs: 2_000,
  heartbeatMs: 500,
  stopGraceMs: 0,
});
worker.handle<Order>(BUILD, async (job, ctx) => {
  try {
    return await build(job, ctx);
  } catch (error) {
    if (isMillraceError(error) && error.code === "lease_lost") tell({ says: "refused" });
    throw error;
  }
});
await worker.start();
tell({ says: "ready" });

/** What it holds goes back to the others at once, with no attempt used up. */
async function leave(): Promise<void> {
  await worker.stop();
  await mill.close();
  if (process.connected) process.disconnect();
}

process.once("SIGTERM", () => void leave());
process.once("disconnect", () => void leave()); // whoever started it is gone

function tell(word: MachineWord): void {
  process.send?.(word);
}
