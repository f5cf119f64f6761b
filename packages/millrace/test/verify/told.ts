import type { JobId } from "../../src/core/job.ts";
import { checkHistory } from "../../src/verify/check/check-history.ts";
import type { FinalAttempt, FinalJob, HistoryVerdict } from "../../src/verify/check/verdict.ts";
import type { Answer, EnqueuedJob, Entry, Operation } from "../../src/verify/history/entry.ts";

export const MS = 1_000;
export const LEASE_MS = 100;

export const idOf = (n: number): JobId => `job_${String(n).padStart(26, "0")}`;

/** Somebody asks at one millisecond and is answered at another, or never. */
export type Told =
  readonly [who: string, from: number, until: number | null, operation: Operation, answer?: Answer] | Entry;

/** When a store that has no other clock says that something was, in milliseconds of the story. */
export const at = (ms: number): Date => new Date(1_700_000_000_000 + ms);

export function historyOf(story: readonly Told[]): readonly Entry[] {
  return story.flatMap((told, call): readonly Entry[] => {
    if ("type" in told) return [told];
    const [process, from, until, operation, answer] = told;
    return [
      { type: "call", process, call, at: from * MS, operation },
      ...(until === null || answer === undefined
        ? []
        : [{ type: "answer", process, call, at: until * MS, answer } as const]),
    ];
  });
}

export function verdictOf(story: readonly Told[], jobs: readonly FinalJob[]): HistoryVerdict {
  return checkHistory(historyOf(story), jobs);
}

/** A job as it lies in the end. */
export function lying(n: number, change: Partial<FinalJob> = {}): FinalJob {
  const times = { createdAt: at(0), startedAt: at(0), finishedAt: at(0) };
  return { id: idOf(n), state: "completed", scope: "s", number: n, ...times, ...change };
}

export function attempt(token: number, from: number, until: number, change: Partial<FinalAttempt> = {}): FinalAttempt {
  return { attempt: token, token, worker: "w", startedAt: at(from), endedAt: at(until), ending: "lost", ...change };
}

export const fault = (name: string, target: string, from: number, until: number): Told => {
  return { type: "fault", at: from * MS, until: until * MS, fault: name, target };
};

export const stall = (process: string, from: number, until: number): Told => {
  return { type: "stall", process, at: from * MS, until: until * MS };
};

/** Asked for at one millisecond, and written by the next. */
export function enqueue(n: number, from = 0, change: Partial<EnqueuedJob> = {}, number: number | null = n): Told {
  const job = { id: idOf(n), scope: "s", ...change };
  return [
    "producer",
    from,
    from + 1,
    { name: "enqueue", jobs: [job] },
    { name: "enqueue", results: [{ job: idOf(n), number }] },
  ];
}

export function claim(who: string, from: number, n: number | readonly number[], token = 1): Told {
  const jobs = typeof n === "number" ? [n] : n;
  return [
    who,
    from,
    from + 1,
    { name: "claim", worker: who, leaseMs: LEASE_MS, max: 1 },
    { name: "claim", leases: jobs.map((each) => ({ job: idOf(each), token })) },
  ];
}

export function settle(
  who: string,
  from: number,
  n: number,
  token = 1,
  to: "completed" | "failed" | "cancelled" | "waiting" = "completed",
  status: "settled" | "lost" | "cancelled" = "settled",
): Told {
  return [
    who,
    from,
    from + 1,
    { name: "settle", ends: [{ job: idOf(n), token, to }] },
    { name: "settle", statuses: [status] },
  ];
}

export function beat(who: string, from: number, n: number, status: "held" | "lost" | "cancel", token = 1): Told {
  return [
    who,
    from,
    from + 1,
    { name: "heartbeat", leases: [{ job: idOf(n), token }], leaseMs: LEASE_MS },
    { name: "heartbeat", statuses: [status] },
  ];
}

export function cancel(from: number, n: number, status: "cancelled" | "requested" | "finished" | "not_found"): Told {
  return ["owner", from, from + 1, { name: "cancel", jobs: [idOf(n)] }, { name: "cancel", statuses: [status] }];
}

/** @param until `null` where nobody heard what came of it */
export function transact(
  from: number,
  to: "commit" | "rollback",
  jobs: readonly number[],
  until: number | null = from + 1,
): Told {
  const operation = { name: "transact", jobs: jobs.map((n) => ({ id: idOf(n), scope: "s" })), ends: [], to } as const;
  return ["caller", from, until, operation, { name: "transact" }];
}

export function prune(from: number, count: number): Told {
  return ["janitor", from, from + 1, { name: "prune" }, { name: "prune", count }];
}

export function keeps(ms: number, queue = "s"): Told {
  const retention = { completedMs: ms, failedMs: ms, cancelledMs: ms };
  return ["owner", 0, 1, { name: "configure", queue, retention, cancelGraceMs: LEASE_MS }, { name: "configure" }];
}
