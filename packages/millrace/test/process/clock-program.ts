import { openMillrace, snooze } from "millrace";

const { url, jobs } = JSON.parse(process.argv[2] ?? "{}") as { url: string; jobs: number };

const ignore = (): void => undefined;
const tell = (_: object, message: string): void => void process.send?.({ type: "complained", message });
const logger = { debug: ignore, info: ignore, warn: ignore, error: tell };
const mill = await openMillrace(url, { logger });
const worker = mill.worker({ concurrency: 3, leaseMs: 2_000 });
worker.handle<number>("k", async ({ payload }, { token }) => {
  process.send?.({ type: "running", n: payload, token });
  await new Promise((resolve) => void setTimeout(resolve, payload % 7));
  if (token === 1 && payload % 5 === 0) throw new Error("once more");
  if (token === 1 && payload % 5 === 1) return snooze(10);
  return { token };
});
await worker.start();
for (let n = 0; n < jobs; n++)
  await mill.enqueue("k", n, { backoff: { type: "fixed", delayMs: 10 }, maxAttempts: 100 });
process.send?.({ type: "enqueued" });
process.once("SIGTERM", () => void mill.close().then(() => process.disconnect()));
