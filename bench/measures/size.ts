import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { openContestant } from "../open-contestant.ts";
import { storeOf } from "../contestants/millrace.ts";
import { openFile } from "../contestants/sqlite-driver.ts";
import { countOf, type Figures, type Task } from "../task.ts";

const MB = 1_048_576;
const MILLION = 1_000_000;
const LOOK_EVERY_MS = 25;

/** Bytes that a million jobs take and write: queued, and again when they have run. */
export async function measure(task: Task): Promise<Figures> {
  const jobs = countOf(task, "jobs");
  const file = storeOf(task).slice("sqlite:".length);
  const contestant = await openContestant(task);
  // Folds the log into the file, so that the file tells the size.
  const connection = await openFile(file);
  let walPeak = 0;
  const looking = setInterval(() => {
    walPeak = Math.max(walPeak, bytesOf(`${file}-wal`));
  }, LOOK_EVERY_MS);
  const writtenAtStart = await bytesWritten();
  await contestant.fill(jobs);
  connection.pragma("wal_checkpoint(PASSIVE)");
  const writtenQueued = await bytesWritten();
  const sizeQueued = bytesOf(file);
  await contestant.drain(jobs, { concurrency: 100, handler: () => {} });
  connection.pragma("wal_checkpoint(PASSIVE)");
  const writtenDone = await bytesWritten();
  const sizeDone = bytesOf(file);
  clearInterval(looking);
  connection.close();
  await contestant.close();
  const perMillion = (bytes: number): number => (bytes / MB / jobs) * MILLION;
  return {
    queuedMb: perMillion(sizeQueued),
    doneMb: perMillion(sizeDone),
    walPeakMb: walPeak / MB,
    writtenByEnqueueMb: perMillion(writtenQueued - writtenAtStart),
    writtenByWorkMb: perMillion(writtenDone - writtenQueued),
  };
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** All that this process wrote, log and file; known on Linux only. */
async function bytesWritten(): Promise<number> {
  const text = await readFile("/proc/self/io", "utf8").catch(() => "");
  return Number(/^wchar: (\d+)$/m.exec(text)?.[1] ?? Number.NaN);
}
