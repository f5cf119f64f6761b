/** The label that makes a job one that a person does: workers that run handlers pass it by. */
export const MANUAL = "manual";

/** How the ids begin of those who claim by hand. Their leases end in two steps: a warning, then the end of the job. */
export const HAND = "hand_";

/** The time limit of a job that is done by hand and for which nothing else is said, in milliseconds. */
export const DEFAULT_MANUAL_TIMEOUT_MS = 300_000;

/** Whether jobs with these requirements are done by hand. */
export function isManual({ requires }: { readonly requires: readonly string[] }): boolean {
  return requires.includes(MANUAL);
}

/** Whether this worker is a person. */
export function isHand(worker: string): boolean {
  return worker.startsWith(HAND);
}
