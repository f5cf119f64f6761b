import { setTimeout as pause } from "node:timers/promises";
import { spawnChild } from "../spawn-child.ts";
import { quantilesMs } from "../statistics.ts";
import { countOf, type Figures, type Task } from "../task.ts";
import { withServer } from "../with-server.ts";

/** `POST /v1/jobs` at a pace, while others wait for jobs and follow what happens. */
export async function measure(task: Task): Promise<Figures> {
  const jobs = countOf(task, "jobs");
  const warmUp = countOf(task, "warmUp");
  return withServer(task, jobs, async ({ ask }) => {
    const crowd = spawnChild({ ...task, measure: "http-crowd" });
    await crowd.ready;
    const tookMs: number[] = [];
    for (let n = 0; n < warmUp + jobs; n++) {
      const startedMs = performance.now();
      await ask("POST", "/v1/jobs", { kind: "bench", payload: { n } });
      if (n >= warmUp) tookMs.push(performance.now() - startedMs);
      await pause(countOf(task, "paceMs"));
    }
    crowd.signal();
    const { messages = 0 } = await crowd.figures;
    const due = countOf(task, "followers") * jobs;
    if (messages < due) throw new Error(`the followers were told of ${messages} events, and ${due} were due`);
    return { ...quantilesMs(tookMs), messages };
  });
}
