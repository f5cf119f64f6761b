import { appendFileSync } from "node:fs";
import { PermanentError, snooze } from "millrace";
import { historyBeside, LEASE_MS, type ChaosInput, type Line, type Order, type Receipt } from "./chaos-messages.ts";
import { openRecorded } from "./open-recorded.ts";

const { url, record, concurrency } = JSON.parse(process.argv[2] ?? "{}") as ChaosInput;

/** One clock for all processes of the machine, as near as it gets. */
const now = (): number => performance.timeOrigin + performance.now();
const note = (line: Line): void => appendFileSync(record, `${JSON.stringify(line)}\n`);

const mill = await openRecorded(url, historyBeside(record));
const worker = mill.worker({ concurrency, prefetch: 4, leaseMs: LEASE_MS, heartbeatMs: 200, stopGraceMs: 5_000 });

worker.handle<Order>("work", async (job, ctx) => {
  const { token } = ctx;
  note({ what: "begin", job: job.id, token, at: now() });
  try {
    ctx.log(`claim ${token}`);
    await new Promise((resolve) => void setTimeout(resolve, job.payload.spendMs));
    ctx.progress(50);
    switch (job.payload.ends[token - 1]) {
      case "throw":
        throw new Error("as ordered");
      case "snooze":
        return snooze(20);
      case "child":
        await ctx.mill.enqueue("child", null, { group: job.id });
        break;
      case undefined:
        break;
    }
    return { token, pid: process.pid } satisfies Receipt;
  } finally {
    note({ what: "end", job: job.id, token, at: now() });
  }
});
worker.handle("doomed", () => Promise.reject(new PermanentError("as ordered")));
worker.handle("child", (_, ctx) => ({ token: ctx.token, pid: process.pid }) satisfies Receipt);
await worker.start();

process.once("SIGTERM", () => {
  void mill.close().then(() => process.disconnect());
});
process.send?.({ type: "started" });
