import { STATES } from "../../core/states.ts";
import type { Entry } from "../history/entry.ts";
import { gatherHistory } from "../history/history.ts";
import { askedJobs } from "./asked-for.ts";
import { checkAtomic } from "./atomic.ts";
import { checkBounds } from "./bounds.ts";
import { checkCancels } from "./cancels.ts";
import type { Evidence } from "./evidence.ts";
import { checkTimes, checkTokens } from "./facts.ts";
import { Findings } from "./findings.ts";
import { jobSteps } from "./job-steps.ts";
import { checkJobs } from "./jobs-in-order.ts";
import { checkKeys, checkSchedules } from "./keys.ts";
import { Leases } from "./leases.ts";
import { checkNumbers } from "./numbers.ts";
import { checkOrder } from "./order.ts";
import { QueueTerms } from "./queue-terms.ts";
import { checkRecovery } from "./recovery.ts";
import { checkReturns } from "./returns.ts";
import { StoreClock } from "./store-clock.ts";
import { Troubles } from "./troubles.ts";
import { checkTurns } from "./turns.ts";
import type { FinalJob, HistoryVerdict } from "./verdict.ts";

/**
 * Hold what was asked and answered against what a job can do, and against what lies in the store in the end.
 * The same history gets the same verdict.
 * @param entries those of one process in their order
 * @param finalJobs all jobs of the store, once nobody works on it any more
 */
export function checkHistory(entries: Iterable<Entry>, finalJobs: Iterable<FinalJob>): HistoryVerdict {
  const history = gatherHistory(entries);
  // What is in no state has no ticket anywhere: it is as lost as if it were not there.
  const jobs = new Map([...finalJobs].flatMap((job) => (isState(job.state) ? [[job.id, job]] : [])));
  const asked = askedJobs(history.calls);
  const troubles = new Troubles(history);
  const evidence: Evidence = {
    history,
    asked,
    jobs,
    troubles,
    terms: new QueueTerms(history.calls, troubles.clockSteps),
    clock: new StoreClock(asked, jobs),
    findings: new Findings((process) => troubles.nameOf(process)),
  };
  const leases = new Leases(troubles.clockSteps);
  const steps = jobSteps(history.calls, leases);
  const stepCount = checkJobs(evidence, steps, leases);
  checkTokens(evidence);
  checkSchedules(evidence);
  checkKeys(evidence, steps);
  checkNumbers(evidence);
  checkTimes(evidence);
  checkCancels(evidence);
  const recoveries = checkRecovery(evidence);
  checkBounds(evidence);
  checkReturns(evidence);
  checkAtomic(evidence);
  checkOrder(evidence, steps);
  checkTurns(evidence, steps);
  const { judgement, violations, unknowns, guarantees } = evidence.findings;
  return {
    judgement,
    violations,
    unknown: unknowns,
    guarantees,
    checked: { calls: history.calls.length + history.idleCount, jobs: steps.size, steps: stepCount },
    recoveries,
  };
}

/** Whether it is one; other programs write histories, too. */
function isState(state: unknown): boolean {
  return typeof state === "string" && Object.hasOwn(STATES, state);
}
