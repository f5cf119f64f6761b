import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openMillrace } from "millrace";
import { storeOf } from "../contestants/millrace.ts";
import { readyAndWait } from "../signals.ts";
import { quantilesMs } from "../statistics.ts";
import { timed } from "../stopwatch.ts";
import { countOf, type Figures, type Task } from "../task.ts";

const SCOPE = "invoices";

/**
 * `writers` callers that each enqueue into one scope, wait for the answer, and enqueue again. Of several processes that
 * do so at once, each leaves its samples in a file for the one that started it.
 */
export async function measure(task: Task): Promise<Figures> {
  const jobs = countOf(task, "jobs");
  const options = { scope: SCOPE, numbered: countOf(task, "numbered") === 1 };
  const mill = await openMillrace(storeOf(task));
  const isMember = task.counts["member"] === 1;
  // The first call makes the queue, the lane and the scope.
  await mill.enqueue("bench", { n: 0 }, options);
  if (isMember) await readyAndWait();

  const tookMs: number[] = [];
  let asked = 0;
  async function writer(): Promise<void> {
    while (asked < jobs) {
      asked += 1;
      const startedMs = performance.now();
      await mill.enqueue("bench", { n: asked }, options);
      tookMs.push(performance.now() - startedMs);
    }
  }
  const figures = await timed(jobs, () =>
    Promise.all(Array.from({ length: countOf(task, "writers") }, () => writer())),
  );
  await mill.close();
  if (isMember) await writeFile(join(task.folder, `samples-${process.pid}.json`), JSON.stringify(tookMs));
  return { ...figures, ...quantilesMs(tookMs) };
}
