import type { Kernel } from "../runtime/kernel.ts";

/** What workers sent while this process stood still lies in its sockets; so long it may take to hear it. */
const HEAR_MS = 250;

/**
 * Promote, rescue, enqueue for schedules and prune, until the signal fires: remote workers do none of it, and a server
 * may be all that runs.
 */
export function runUpkeep(kernel: Kernel, until: AbortSignal): void {
  if (until.aborted) return;
  // Before leases are taken from others, heartbeats that have come already are heard.
  const beat = (): Promise<void> => kernel.pause(HEAR_MS);
  kernel.upkeep.acquire(beat);
  until.addEventListener("abort", () => void kernel.upkeep.release(beat), { once: true });
}
