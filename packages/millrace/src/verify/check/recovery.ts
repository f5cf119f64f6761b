import type { JobId } from "../../core/job.ts";
import { isFinal } from "../../core/states.ts";
import { answerTo, isUnheard } from "../history/calls.ts";
import type { Evidence } from "./evidence.ts";
import type { Span } from "./times.ts";
import type { Stop } from "./troubles.ts";
import type { Recovery } from "./verdict.ts";

/** How much later than its lease a job of a dead worker may be taken back. */
const SLACK_MS = 1_000;

interface Claimed {
  readonly job: JobId;
  readonly token: number;
  readonly process: string;
  leaseMs: number;
  readonly from: number;
  readonly until: number;
  /** When somebody first asked to end it in any way, or was told that it is lost; `Infinity` if nobody did. */
  askedToEnd: number;
}

/**
 * G9: what a process held that was killed, or stopped for longer than its lease, is taken back within the lease and a
 * second from when it stopped.
 *
 * When a job was taken back is what the store wrote down, on the clock of the history; or, where that is not known, it
 * is known to have been before it ran again. Time in which the store was away or silent around any fault, or in which
 * any other process stood still, does not count: whoever would have taken it back may have been the one. When only the
 * next claim is known, and it came late, the job may have waited for a worker, so that is not known.
 */
export function checkRecovery(evidence: Evidence): readonly Recovery[] {
  const { troubles, findings } = evidence;
  const claims = claimsOf(evidence);
  const byProcess = Map.groupBy(claims.values(), ({ process }) => process);
  const recoveries: Recovery[] = [];
  for (const stop of troubles.stops) {
    for (const held of byProcess.get(stop.process) ?? []) {
      if (held.until > stop.until || held.askedToEnd <= stop.until) continue;
      const recovery = judge(evidence, claims, stop, held);
      if (recovery === undefined) continue;
      findings.judged("G9");
      if (recovery !== "unknown") recoveries.push(recovery);
    }
  }
  return recoveries.toSorted((a, b) => a.at + a.tookMs * 1_000 - (b.at + b.tookMs * 1_000));
}

function judge(
  evidence: Evidence,
  claims: ReadonlyMap<string, Claimed>,
  stop: Stop,
  held: Claimed,
): Recovery | "unknown" | undefined {
  const { history, troubles, findings, jobs } = evidence;
  const { job, token, process, leaseMs } = held;
  const back = takenBack(evidence, claims, held);
  // Whoever goes on in time keeps what it held.
  const isLost = back !== undefined && back.until > stop.from;
  const excusedMs = (until: number): number => troubles.besides(process).within(stop.from, until) / 1_000;
  const boundMs = leaseMs + SLACK_MS;
  const lateMs = (from: number, until: number): number => (until - from) / 1_000 - excusedMs(until) - boundMs;
  if (!isLost) {
    if (stop.goesOnAt < Infinity || jobs.get(job) === undefined || isFinal(jobs.get(job)?.state ?? "queued"))
      return undefined;
    if (lateMs(stop.until, history.end) <= 0 || troubles.clockSteps.length > 0) return undefined;
    tell(evidence, stop, held, history.end, boundMs, "it was still not taken back");
    return "unknown";
  }
  // It went on before it had to be taken back, and may have prolonged its lease before it lost it.
  if (back.until > stop.goesOnAt && (stop.goesOnAt - stop.from) / 1_000 < boundMs) return undefined;
  if (lateMs(stop.from, back.until) > 0) {
    // Where the clock of the store was set back, leases last longer by as much.
    if (troubles.clockSteps.length > 0) return undefined;
    if (lateMs(stop.until, back.from) > 0) {
      tell(evidence, stop, held, back.from, boundMs, back.said);
    } else {
      const why = `${troubles.nameOf(process)} held it under token ${token}; when it was taken back is not known`;
      findings.unknown("G9", job, why);
      return "unknown";
    }
  }
  return {
    job,
    fault: stop.fault,
    process: troubles.nameOf(process),
    at: stop.from,
    leaseMs,
    tookMs: (back.until - stop.from) / 1_000,
    excusedMs: excusedMs(back.until),
  };
}

interface Back extends Span {
  readonly said: string;
}

/** When a job was taken from who held it. */
function takenBack(
  { jobs, clock }: Evidence,
  claims: ReadonlyMap<string, Claimed>,
  { job, token }: Claimed,
): Back | undefined {
  const final = jobs.get(job);
  const attempt = final?.attempts?.find((each) => each.token === token);
  const next = claims.get(`${job} ${token + 1}`);
  if (attempt !== undefined && attempt.ending !== "lost") return undefined;
  const end = attempt?.endedAt ?? (final?.attempts?.length === token - 1 ? final.finishedAt : null);
  const written = clock.spanOf(end);
  if (written !== undefined) return { ...written, said: "it was taken back" };
  return next === undefined ? undefined : { from: 0, until: next.until, said: "it was claimed again" };
}

function tell(
  { troubles, findings }: Evidence,
  stop: Stop,
  held: Claimed,
  at: number,
  boundMs: number,
  said: string,
): void {
  const { job, token, process, from, until } = held;
  const tookMs = Math.round((at - stop.from) / 1_000);
  const name = troubles.nameOf(process);
  findings.violated(
    "G9",
    `${job}, which ${name} held, was not taken back within ${boundMs} ms but after ${tookMs} ms`,
    [job],
    [
      { from, until, process, said: `claimed ${job} under token ${token}` },
      { from: stop.from, until: stop.until, process, said: stop.goesOnAt < Infinity ? "was stopped" : "was killed" },
      { from: at, until: at, process: null, said },
    ],
  );
}

function claimsOf({ history }: Evidence): ReadonlyMap<string, Claimed> {
  const claims = new Map<string, Claimed>();
  const tokensByWorker = new Map<string, Claimed[]>();
  for (const call of history.calls) {
    const { operation, answer, from, until, process } = call;
    if (operation.name === "claim") {
      for (const { job, token } of answerTo("claim", answer)?.leases ?? []) {
        const claimed = { job, token, process, leaseMs: operation.leaseMs, from, until, askedToEnd: Infinity };
        claims.set(`${job} ${token}`, claimed);
        const ofWorker = tokensByWorker.get(operation.worker) ?? [];
        ofWorker.push(claimed);
        tokensByWorker.set(operation.worker, ofWorker);
      }
    }
    const end = (lease: { readonly job: JobId; readonly token: number }): void => {
      const claimed = claims.get(`${lease.job} ${lease.token}`);
      if (claimed !== undefined) claimed.askedToEnd = Math.min(claimed.askedToEnd, from);
    };
    if (operation.name === "settle" || operation.name === "transact") operation.ends.forEach(end);
    if (operation.name === "leave" && !(answer?.name === "error" && !isUnheard(call))) {
      for (const claimed of tokensByWorker.get(operation.worker) ?? []) if (claimed.until <= until) end(claimed);
    }
    if (operation.name === "heartbeat") {
      operation.leases.forEach((lease, i) => {
        if (answerTo("heartbeat", answer)?.statuses[i] === "lost") end(lease);
        const claimed = claims.get(`${lease.job} ${lease.token}`);
        if (claimed !== undefined) claimed.leaseMs = Math.max(claimed.leaseMs, operation.leaseMs);
      });
    }
  }
  return claims;
}
