import type { Timer } from "../core/clock.ts";
import { ShutdownError, WaitTimeoutError } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import { isFinal } from "../core/states.ts";
import type { Kernel } from "./kernel.ts";

/**
 * The job once it has ended.
 * @throws WaitTimeoutError after `timeoutMs`; ShutdownError when the client is closed meanwhile
 */
export async function waitUntilEnded(
  kernel: Kernel,
  read: () => Promise<Job>,
  timeoutMs: number | undefined,
): Promise<Job> {
  const early = await read();
  if (isFinal(early.state)) return early;
  await endOrTimeout(kernel, early, timeoutMs);
  const job = await read();
  if (isFinal(job.state)) return job;
  throw new WaitTimeoutError(`${job.id} was still ${job.state} after ${timeoutMs} ms`);
}

function endOrTimeout({ clock, waiters, closing }: Kernel, { id }: Job, timeoutMs: number | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = (): ShutdownError => new ShutdownError(`the client was closed while it waited for ${id}`);
    // While the job was read for the first time.
    if (closing.aborted) {
      reject(closed());
      return;
    }
    let timer: Timer | undefined;
    const finish = (): void => {
      timer?.cancel();
      closing.removeEventListener("abort", onClose);
      giveUp();
      resolve();
    };
    const onClose = (): void => {
      reject(closed());
      finish();
    };
    const giveUp = waiters.add(id, finish);
    closing.addEventListener("abort", onClose);
    if (timeoutMs !== undefined) timer = clock.after(timeoutMs, finish, { keepAlive: true });
  });
}
