import { isMillraceError } from "../../core/errors.ts";
import type { CancelRequest, CancelResult } from "../../core/store.ts";
import type { Server } from "./server.ts";
import { jobOf } from "./wire-job.ts";

/** As `Store.cancel`, one after the other. Whoever's key it is, is written down as the one who cancelled. */
export async function cancelJobs(server: Server, requests: readonly CancelRequest[]): Promise<readonly CancelResult[]> {
  const results: CancelResult[] = [];
  for (const request of requests) results.push(await cancelJob(server, request));
  return results;
}

async function cancelJob({ client }: Server, { id, reason }: CancelRequest): Promise<CancelResult> {
  try {
    const job = jobOf(await client.cancel(id, reason === null ? {} : { reason }));
    return { status: job.state === "cancelled" ? "cancelled" : "requested", job };
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    if (error.code === "job_not_found") return { status: "not_found" };
    if (error.code !== "state_conflict") throw error;
    const job = await client.get(id);
    return job === null ? { status: "not_found" } : { status: "finished", job: jobOf(job) };
  }
}
