import type { JobId } from "../../core/job.ts";
import { answerTo, type Call } from "../history/calls.ts";
import { queueOf, type Evidence } from "./evidence.ts";
import type { Told } from "./findings.ts";

/** How much later than its grace a cancelled job may end. */
const SLACK_MS = 1_000;

/** The first cancel of a job that was accepted, and what was heard of the job after it. */
interface Accepted {
  readonly call: Call;
  /** The last time that somebody was told that the job still runs. */
  stillHeld: Told | undefined;
  /** When somebody was told that it has ended as cancelled. */
  endedBy: number;
}

/**
 * G7: an accepted cancel ends within the grace of its queue and a second. That it ends as cancelled, and that a refused
 * one had ended before, is seen by the order of the calls about its job.
 *
 * Time in which the store was away, or silent around any fault, and in which processes stood still, does not count:
 * the worker that would have obeyed or the one that looks after it may have been among them.
 */
export function checkCancels(evidence: Evidence): void {
  const { history, jobs, findings, terms, troubles, clock } = evidence;
  for (const [job, { call, stillHeld, endedBy }] of acceptedCancels(history.calls)) {
    findings.judged("G7");
    const final = jobs.get(job);
    const boundMs = terms.graceMs(queueOf(evidence, job), call) + SLACK_MS;
    const finished = clock.spanOf(final?.finishedAt);
    const runsOn = final?.state === "running";
    // What is known of the time that it took at least, and at most.
    const atLeast = Math.max(stillHeld?.from ?? 0, finished?.from ?? 0, runsOn ? history.end : 0);
    const atMost = Math.min(endedBy, finished?.until ?? Infinity);
    const isLate = (from: number, until: number): boolean =>
      (until - from - troubles.any.within(call.from, until)) / 1_000 > boundMs;
    // Where the clock of the store was set back, a grace lasts longer by as much.
    if (troubles.clockSteps.length > 0) continue;
    if (isLate(call.until, atLeast)) {
      const tookMs = Math.round((atLeast - call.until) / 1_000);
      const said = runsOn ? "it was still running" : "it had not ended";
      findings.violated(
        "G7",
        `${job} was to be cancelled within ${boundMs} ms, and was not after ${tookMs} ms`,
        [job],
        [
          { from: call.from, until: call.until, process: call.process, said: `cancelled ${job}: requested` },
          stillHeld !== undefined && stillHeld.from === atLeast
            ? stillHeld
            : { from: atLeast, until: atLeast, process: null, said },
        ],
      );
    } else if (final !== undefined && isLate(call.from, Math.min(atMost, history.end))) {
      findings.unknown("G7", job, "when it ended after its cancel is not known well enough");
    }
  }
}

function acceptedCancels(calls: readonly Call[]): ReadonlyMap<JobId, Accepted> {
  const accepted = new Map<JobId, Accepted>();
  for (const call of calls) {
    const { operation, answer, from, until, process } = call;
    if (operation.name === "cancel") {
      answerTo("cancel", answer)?.statuses.forEach((status, i) => {
        const job = operation.jobs[i];
        if (job === undefined) return;
        const known = accepted.get(job);
        if (status === "requested" && known === undefined) {
          accepted.set(job, { call, stillHeld: undefined, endedBy: Infinity });
        }
        if (known === undefined) return;
        if (status === "requested")
          known.stillHeld = { from, until, process, said: `cancelled ${job} again: requested` };
        if (status === "cancelled") known.endedBy = Math.min(known.endedBy, until);
      });
    }
    if (operation.name === "heartbeat") {
      answerTo("heartbeat", answer)?.statuses.forEach((status, i) => {
        const { job, token } = operation.leases[i] ?? {};
        const known = job === undefined ? undefined : accepted.get(job);
        if (known === undefined || from < known.call.until) return;
        const said = `sent a heartbeat under token ${token}: ${status}`;
        if (status === "lost") known.endedBy = Math.min(known.endedBy, until);
        else known.stillHeld = { from, until, process, said };
      });
    }
    if (operation.name === "settle") {
      answerTo("settle", answer)?.statuses.forEach((status, i) => {
        const known = accepted.get(operation.ends[i]?.job ?? "job_");
        if (known !== undefined && status === "cancelled") known.endedBy = Math.min(known.endedBy, until);
      });
    }
  }
  return accepted;
}
