// A worker of the fleet: a process anywhere, that reaches the server and nothing else. It runs one script at a time.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openMillrace } from "millrace";
import { loadScripts, scriptHandlers } from "millrace/scripts";
import { LINES } from "./plan.ts";

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "http://127.0.0.1:7337" },
    name: { type: "string", default: "worker" },
    label: { type: "string", multiple: true, default: [] },
  },
});

const mill = await openMillrace(values.server, { key: process.env["MILLRACE_KEY"] ?? "" });
const worker = mill.worker({
  name: values.name,
  labels: values.label,
  queues: LINES,
  concurrency: 1,
  // So that nobody who looks on has to wait. For hours of work 90 s, which is a heartbeat each 30 s, is as good.
  leaseMs: 2_000,
  heartbeatMs: 500,
  abortGraceMs: 15_000, // a script that is stopped has ten seconds to end in peace
});
const { scripts } = await loadScripts([join(import.meta.dirname, "scripts")]);
for (const { kind, handler } of scriptHandlers(scripts)) worker.handle(kind, handler);
await worker.start();

async function leave(): Promise<void> {
  await worker.stop();
  await mill.close();
}
process.once("SIGTERM", () => void leave());
