import type { Job, Millrace } from "millrace";

export async function readAllJobs(mill: Millrace): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  let cursor: string | null = null;
  do {
    const page = await mill.list({}, { limit: 1_000, cursor });
    jobs.push(...page.jobs);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return jobs;
}
