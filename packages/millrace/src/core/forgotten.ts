import { StoreError } from "./errors.ts";
import type { QueueSettings } from "./queue.ts";

/** In the details of the error: nobody can tell any more what became of the call. */
export const ANSWER_LOST = "answer_lost";
/** What one try takes at most. */
const ONE_TRY_MS = 15_000;

/**
 * An enqueue whose answer was lost is sent again under the same ids, and finds what it wrote. What it does not find may
 * have been written, run and deleted since, where its queue keeps finished jobs for no longer than that: nobody can tell
 * then, and writing it would be running it twice.
 *
 * @param sentMsAgo how long ago it was first sent
 * @throws StoreError `store_unavailable`, as for any call of which is not known what became of it
 */
export function refuseForgotten(queue: string, { retention }: QueueSettings, sentMsAgo: number): void {
  const { completedMs, failedMs, cancelledMs } = retention;
  const shortestMs = Math.min(...[completedMs, failedMs, cancelledMs].map((ms) => ms ?? Number.POSITIVE_INFINITY));
  if (shortestMs > sentMsAgo + ONE_TRY_MS) return;
  throw new StoreError(
    "store_unavailable",
    `the answer to an enqueue was lost, and the queue "${queue}" keeps finished jobs for ${shortestMs} ms only: ` +
      "whether the job was written, and has run since, cannot be told; it was not written again",
    { details: { problem: ANSWER_LOST } },
  );
}
