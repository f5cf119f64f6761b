import type { Job, JobEvent, JobId, Millrace } from "millrace";
import type { Fleet } from "./fleet.ts";
import { LINES } from "./plan.ts";

/** Far enough that something is lost when it ends here. */
const UNDER_WAY_PERCENT = 15;

/** How often jobs of these lines are tried, and after how long. What a script ends with 64 is not tried again. */
export async function configureLines(mill: Millrace): Promise<void> {
  const backoff = { type: "exponential", delayMs: 5_000, factor: 2, maxMs: 300_000 } as const;
  for (const line of LINES) await mill.queue(line).configure({ maxAttempts: 4, backoff });
}

interface Interference {
  readonly mill: Millrace;
  readonly fleet: Fleet;
  /** Names of workers by their ids. */
  readonly names: ReadonlyMap<string, string>;
  /** Those since before the jobs were enqueued. */
  readonly events: AsyncIterable<JobEvent>;
  /** The job whose worker is to be killed, and the one to be cancelled. */
  readonly killed: JobId;
  readonly cancelled: JobId;
}

/** As soon as they tell that they are under way, kill the worker of one job and cancel the other. Says so. */
export async function interfere({ mill, fleet, names, events, killed, cancelled }: Interference): Promise<void> {
  const left = new Set([killed, cancelled]);
  for await (const { type, job: id } of events) {
    if (type !== "progress" || !left.has(id)) continue;
    const { number, worker: workerId, progress } = (await mill.get(id)) as Job;
    if (progress === null || progress.percent < UNDER_WAY_PERCENT) continue;
    left.delete(id);
    const worker = names.get(workerId ?? "") ?? "nobody";
    const told = `#${number} is at ${progress.message} on ${worker}`;
    if (id === killed) {
      fleet.kill(worker);
      console.log(`  ${told}, which is killed`);
    } else {
      await mill.cancel(id, { reason: "the show is over" });
      console.log(`  ${told}, and is cancelled`);
    }
    if (left.size === 0) return;
  }
}

/** Resolves with these jobs when the last of them has ended. @throws WaitTimeoutError */
export async function allEnded(mill: Millrace, ids: readonly JobId[], timeoutMs: number): Promise<readonly Job[]> {
  return Promise.all(ids.map((id) => mill.wait(id, { timeoutMs })));
}
