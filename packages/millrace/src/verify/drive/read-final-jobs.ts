import type { Job } from "../../core/job.ts";
import type { Millrace } from "../../runtime/millrace.ts";
import { queuesOf, type Places } from "./messages.ts";
import type { WitnessedJob } from "./witnesses.ts";

const PAGE = 1_000;
const AT_ONCE = 50;

/** All jobs of a drive with their attempts, as they lie when all is over. */
export async function readFinalJobs(mill: Millrace, places: Places): Promise<readonly WitnessedJob[]> {
  const found: WitnessedJob[] = [];
  for (const queue of queuesOf(places)) {
    let cursor: string | null = null;
    do {
      const page = await mill.list({ queue }, { limit: PAGE, cursor });
      for (let i = 0; i < page.jobs.length; i += AT_ONCE) {
        found.push(...(await Promise.all(page.jobs.slice(i, i + AT_ONCE).map(async (job) => withAttempts(mill, job)))));
      }
      cursor = page.nextCursor;
    } while (cursor !== null);
  }
  return found;
}

async function withAttempts(mill: Millrace, job: Job): Promise<WitnessedJob> {
  const { id, state, scope, number, queue, kind, createdAt, startedAt, finishedAt, cancelRequestedAt } = job;
  const { result, attempt, maxAttempts, retryOf } = job;
  const facts = { id, state, scope, number, queue, kind, createdAt, startedAt, finishedAt, cancelRequestedAt };
  return { ...facts, result, attempt, maxAttempts, retryOf, attempts: await mill.attempts(id) };
}
