import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { monotonicNow, type Told } from "./teller-messages.ts";

const EVERY_MS = 5;

// Tells its time again and again, as far as it is let.
if (isMainThread) {
  let threadWall = Date.now();
  const thread = new Worker(new URL(import.meta.url));
  thread.on("message", (wall: number) => {
    threadWall = wall;
    const told: Told = { pid: process.pid, wall: Date.now(), threadWall, monotonic: monotonicNow() };
    process.send?.(told);
  });
  process.on("disconnect", () => process.exit());
} else {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
  setInterval(() => parentPort?.postMessage(Date.now()), EVERY_MS);
}
