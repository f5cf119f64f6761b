import type { JobId } from "../core/job.ts";
import { isFinal } from "../core/states.ts";
import type { Kernel } from "../runtime/kernel.ts";
import type { Message } from "./sse.ts";

const READ_AT_ONCE = 200;
/** Lines of a log wake nobody, so they are looked for: often while they come, more seldom while they do not. */
const SHORTEST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_000;

interface FollowOptions {
  /** Tell the lines with a higher sequence. */
  readonly after: number;
  /** Go on until the job has ended. */
  readonly isFollowing: boolean;
}

/** The lines of a job's log as a stream tells them, and a last word on how the job stands. */
export async function* followLog(
  { store, clock, waiters }: Kernel,
  id: JobId,
  { after, isFollowing }: FollowOptions,
  signal: AbortSignal,
): AsyncIterableIterator<Message> {
  let last = after;
  let waitMs = SHORTEST_WAIT_MS;
  let wake = (): void => undefined;
  let hasEnded = false;
  const stopWaiting = waiters.add(id, () => {
    hasEnded = true;
    wake();
  });
  const onAbort = (): void => wake();
  signal.addEventListener("abort", onAbort);
  try {
    while (!signal.aborted) {
      const [job] = await store.get([id]);
      // Read after the state was seen: all that was written before the end is in these lines.
      const lines = await store.logs(id, { after: last, limit: READ_AT_ONCE });
      for (const line of lines) yield { id: String(line.sequence), data: line };
      last = lines.at(-1)?.sequence ?? last;
      if (lines.length === READ_AT_ONCE) continue;
      const isOver = job === undefined || job === null || isFinal(job.state);
      if (isOver || !isFollowing) {
        yield { event: "end", data: { state: job?.state ?? null } };
        return;
      }
      waitMs = lines.length > 0 ? SHORTEST_WAIT_MS : Math.min(waitMs * 2, LONGEST_WAIT_MS);
      if (signal.aborted || hasEnded) continue;
      await new Promise<void>((resolve) => {
        const timer = clock.after(waitMs, resolve);
        wake = () => {
          timer.cancel();
          resolve();
        };
      });
    }
  } finally {
    stopWaiting();
    signal.removeEventListener("abort", onAbort);
  }
}
