import { openMillrace } from "millrace";

/** A worker on a server that begins a job and never ends it. Arguments: the server and its key. */
const [, , url = "", key = ""] = process.argv;
const mill = await openMillrace(url, { key });
const worker = mill.worker({ leaseMs: 900, concurrency: 1 });
worker.handle("add", async (job) => {
  process.stdout.write(`began ${job.id}\n`);
  await new Promise<never>(() => undefined);
});
await worker.start();
