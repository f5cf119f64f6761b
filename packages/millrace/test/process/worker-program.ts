import { openMillrace } from "millrace";
import type { FromWorker, ToWorker, WorkerInput } from "./worker-messages.ts";

const { url, stopsWhileStarting = false, ...options } = JSON.parse(process.argv[2] ?? "{}") as WorkerInput;

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

let finish: () => void = () => undefined;
const finished = new Promise<void>((resolve) => (finish = resolve));

const mill = await openMillrace(url);
const worker = mill.worker({ abortGraceMs: 100, ...options });

// Says that it runs, and stands until it is told to finish; the signal is told of and not obeyed.
worker.handle("stand", async (job, ctx) => {
  ctx.signal.addEventListener("abort", () => tell({ type: "aborted", job: job.id, reason: String(ctx.signal.reason) }));
  tell({ type: "running", job: job.id, token: ctx.token });
  await finished;
  return `by ${process.pid}`;
});

// Computes for so many milliseconds without once letting go of the event loop.
worker.handle<number>("compute", (job, ctx) => {
  tell({ type: "running", job: job.id, token: ctx.token });
  const end = performance.now() + job.payload;
  while (performance.now() < end);
  return `by ${process.pid}`;
});

worker.handle("quick", (job, ctx) => tell({ type: "running", job: job.id, token: ctx.token }));

process.on("message", (message: ToWorker) => {
  if (message.type === "finish") finish();
  else tell({ type: "stats", ...worker.stats });
});

/** Ends by itself afterwards, or something still keeps the process alive that should not. */
async function leave(): Promise<void> {
  await worker.stop();
  await mill.close();
  process.disconnect();
}
process.once("SIGTERM", () => {
  void leave();
  tell({ type: "stopping" });
});

if (stopsWhileStarting) {
  const starting = worker.start();
  await leave();
  await starting;
} else {
  await worker.start();
  tell({ type: "started" });
}
