import { isFinal, JOB_STATES, STATES, type JobState } from "../../packages/millrace/src/core/states.ts";
import { Source } from "./doc-comments.ts";
import { code, table } from "./markdown.ts";

const MEANINGS = {
  blocked: "It waits for other jobs to end. No option of this version makes a job wait for others.",
  scheduled: "It is not due yet: a delay, a time given, the backoff after a failed attempt, or a snooze.",
  queued: "It may be claimed now, by any worker that serves its queue and has the labels it requires.",
  running: "A worker holds a lease on it and runs its handler.",
  completed: "Its handler returned; `result` has what it returned.",
  failed: "It failed for good; `error` says how.",
  cancelled: "Somebody cancelled it, or its own handler did.",
} as const satisfies Record<JobState, string>;

/** What makes a job go from one state to another. Checked against the moves that there are. */
const CAUSES: Readonly<Record<JobState, Partial<Record<JobState, string>>>> = {
  blocked: { queued: "the last job it waited for has ended", cancelled: "`cancel()`" },
  scheduled: { queued: "promoted: its time has come", cancelled: "`cancel()`" },
  queued: { running: "claimed by a worker", cancelled: "`cancel()`" },
  running: {
    completed: "the handler returned, or called `ctx.complete()`",
    failed: "`fail()`, a `PermanentError`, or an error or a lost lease on the last attempt",
    cancelled: "`cancel()` from outside, at the latest when the grace is over; or the handler returned `cancel()`",
    scheduled: "an error with attempts left (backoff), or `snooze()`",
    queued: "its lease ran out (rescued), or its worker stopped and gave it back (released)",
  },
  completed: {},
  failed: {},
  cancelled: {},
};

export function statesPage(): string {
  const events = new Source("core/event.ts");
  return `# States of a job

A job has one of seven states, and nobody writes it down: the state is the table in which the job's ticket lies
([architecture](../architecture.md)).

${table(
  ["state", "its ticket lies in", "final", "meaning"],
  JOB_STATES.map((state) => [
    code(state),
    code(`millrace_${STATES[state].table}`),
    isFinal(state) ? "yes" : "",
    MEANINGS[state],
  ]),
)}

## Moves

There are no others. A final state is never left: a finished job that is retried becomes a new job, with \`retryOf\` set.

${table(["from", "to", "when"], JOB_STATES.flatMap(movesFrom))}

## Events

\`mill.events()\` tells of each move. ${events.docOf("JobEventType").text}

${events
  .textOf("JOB_EVENTS")
  .split("\n")
  .flatMap((line) => /^ +"(\w+)",$/.exec(line)?.[1] ?? [])
  .map(code)
  .join(" · ")}
`;
}

function movesFrom(from: JobState): readonly (readonly string[])[] {
  const causes = CAUSES[from];
  const moves: readonly JobState[] = STATES[from].next;
  const extra = Object.keys(causes).filter((to) => !moves.includes(to as JobState));
  if (extra.length > 0)
    throw new Error(`states-page.ts tells of moves from ${from} that do not exist: ${extra.join(", ")}`);
  return moves.map((to) => {
    const cause = causes[to];
    if (cause === undefined) throw new Error(`states-page.ts does not say when a job goes from ${from} to ${to}`);
    return [code(from), code(to), cause];
  });
}
