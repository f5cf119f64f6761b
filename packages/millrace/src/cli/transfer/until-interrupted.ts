import { onStopSignal } from "../stop-signals.ts";
import { refuseInterrupted } from "./fill.ts";

/** Run something that can be given up between two steps; the first SIGINT or SIGTERM fires the signal. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController();
  const release = onStopSignal(() => interruption.abort());
  try {
    return await work(interruption.signal);
  } catch (error) {
    // Whatever broke by it, this is why.
    refuseInterrupted(interruption.signal);
    throw error;
  } finally {
    release();
  }
}
