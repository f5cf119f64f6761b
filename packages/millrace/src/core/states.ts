/**
 * The seven states of a job, and the table its ticket lies in while it has each of them.
 * State is membership: nobody writes a state, everybody moves a ticket.
 */
export const STATES = {
  blocked: { table: "blocked", next: ["queued", "cancelled"] },
  scheduled: { table: "scheduled", next: ["queued", "cancelled"] },
  queued: { table: "ready", next: ["running", "cancelled"] },
  running: { table: "running", next: ["scheduled", "queued", "completed", "failed", "cancelled"] },
  completed: { table: "done", next: [] },
  failed: { table: "done", next: [] },
  cancelled: { table: "done", next: [] },
} as const;

export type JobState = keyof typeof STATES;

/** States that nothing leaves. */
export type FinalState = "completed" | "failed" | "cancelled";

export const JOB_STATES = Object.keys(STATES) as readonly JobState[];

export function isFinal(state: JobState): state is FinalState {
  return STATES[state].next.length === 0;
}
