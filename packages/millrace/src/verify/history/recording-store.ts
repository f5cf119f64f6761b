import { isMillraceError } from "../../core/errors.ts";
import type { QueueChoice } from "../../core/lane.ts";
import type { Move } from "../../core/settlement.ts";
import type { EnqueueRequest, EnqueueResult, Store, UpkeepResult } from "../../core/store.ts";
import {
  laneOf,
  type Answer,
  type AttemptEnd,
  type EnqueueAnswer,
  type EnqueuedJob,
  type Entry,
  type Operation,
} from "./entry.ts";

/**
 * A store that writes down what it is asked and what it answers, and is the given one otherwise. What is only read is
 * left out; and so is what is done in a transaction of the caller's own, for the store does not hear what comes of it:
 * the caller writes that down, as `transact`.
 * @param process names who asks, apart from all others of the history
 * @param now microseconds on a clock that all of them share
 * @param write keeps an entry, before it returns; a process that is killed then has left it
 */
export function recordingStore(
  store: Store,
  {
    process,
    now,
    write,
  }: { readonly process: string; readonly now: () => number; readonly write: (entry: Entry) => void },
): Store {
  let calls = 0;

  async function recorded<T>(operation: Operation, ask: () => Promise<T>, answerOf: (value: T) => Answer): Promise<T> {
    const call = calls++;
    write({ type: "call", process, call, at: now(), operation });
    try {
      const value = await ask();
      write({ type: "answer", process, call, at: now(), answer: answerOf(value) });
      return value;
    } catch (error) {
      const code = isMillraceError(error) ? error.code : "unknown";
      const isOutage = !isMillraceError(error) || error.retryable;
      write({ type: "answer", process, call, at: now(), answer: { name: "error", code, isOutage } });
      throw error;
    }
  }

  const recording: Partial<Store> = {
    enqueue: (requests, terms) =>
      recorded(
        {
          name: "enqueue",
          jobs: requests.map(asEnqueued),
          ...(terms?.under === undefined ? {} : { under: { job: terms.under.job, token: terms.under.token } }),
          ...(terms?.isAllOrNone === true ? { isAllOrNone: true } : {}),
        },
        () => store.enqueue(requests, terms),
        (results) => ({
          name: "enqueue",
          results: results.map(enqueueAnswer),
          ...(results.some(({ status }) => status === "lost") ? { isLost: true } : {}),
        }),
      ),
    claim: (request, wait) =>
      recorded(
        {
          name: "claim",
          worker: request.worker,
          leaseMs: request.leaseMs,
          max: request.max,
          ...(wait === undefined ? {} : { waits: true }),
          queues: namesOf(request.queues),
          labels: [...request.labels],
        },
        () => store.claim(request, wait),
        (claims) => ({ name: "claim", leases: claims.map(({ lease: { job, token } }) => ({ job, token })) }),
      ),
    heartbeat: (worker, leases, leaseMs) =>
      recorded(
        { name: "heartbeat", leases: leases.map(({ job, token }) => ({ job, token })), leaseMs },
        () => store.heartbeat(worker, leases, leaseMs),
        (statuses) => ({ name: "heartbeat", statuses }),
      ),
    report: (reports) =>
      recorded(
        { name: "report", leases: reports.map(({ job, token }) => ({ job, token })) },
        () => store.report(reports),
        (statuses) => ({ name: "report", statuses }),
      ),
    settle: (settlements) =>
      recorded(
        {
          name: "settle",
          ends: settlements.map(({ job, token, move }): AttemptEnd => ({ job, token, to: endOf(move) })),
        },
        () => store.settle(settlements),
        (statuses) => ({ name: "settle", statuses }),
      ),
    cancel: (requests) =>
      recorded(
        { name: "cancel", jobs: requests.map(({ id }) => id) },
        () => store.cancel(requests),
        (results) => ({ name: "cancel", statuses: results.map(({ status }) => status) }),
      ),
    removeWorker: (worker) =>
      recorded(
        { name: "leave", worker },
        () => store.removeWorker(worker),
        (count) => ({ name: "leave", count }),
      ),
    promote: (limit) => recorded({ name: "promote" }, () => store.promote(limit), counted("promote")),
    rescue: (limit) => recorded({ name: "rescue" }, () => store.rescue(limit), counted("rescue")),
    prune: (limit) => recorded({ name: "prune" }, () => store.prune(limit), counted("prune")),
    fireSchedules: (fire) =>
      store.fireSchedules((schedule) => {
        const firing = fire(schedule);
        const job = asEnqueued(firing.request);
        const dueAt = schedule.nextAt?.toISOString() ?? null;
        const operation = { name: "fire", schedule: schedule.name, dueAt, job } as const;
        const call = calls++;
        write({ type: "call", process, call, at: now(), operation });
        // Whether this process or another enqueues it is not told; so there is nothing more to hear.
        write({ type: "answer", process, call, at: now(), answer: { name: "fire" } });
        return firing;
      }),
    number: (org, scope, count) =>
      recorded(
        { name: "number", scope, count },
        () => store.number(org, scope, count),
        (first) => ({ name: "number", first }),
      ),
    adoptNumbers: (org, scope, highest) =>
      recorded(
        { name: "adopt", scope, highest },
        () => store.adoptNumbers(org, scope, highest),
        ({ status, last }) => ({ name: "adopt", status, last }),
      ),
    configureQueue: (org, name, change) =>
      recorded(
        {
          name: "configure",
          queue: name,
          ...(change.isPaused === undefined ? {} : { isPaused: change.isPaused }),
          ...(change.settings?.retention === undefined ? {} : { retention: change.settings.retention }),
          ...(change.settings?.cancelGraceMs === undefined ? {} : { cancelGraceMs: change.settings.cancelGraceMs }),
        },
        () => store.configureQueue(org, name, change),
        () => ({ name: "configure" }),
      ),
  };
  return new Proxy(store, {
    get(target, name) {
      const recorded: unknown = Reflect.get(recording, name);
      if (recorded !== undefined) return recorded;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

function asEnqueued(request: EnqueueRequest): EnqueuedJob {
  const { id, scope, queue, numbered, requires, fairKey, priority, key, kind } = request;
  return {
    id,
    scope: scope ?? queue,
    queue,
    numbered,
    lane: laneOf(queue, requires, fairKey),
    requires,
    fairKey,
    priority,
    isDelayed: request.runAt !== null || (request.delayMs ?? 0) > 0,
    key: key === null ? null : `${kind} ${key}`,
  };
}

function namesOf(choice: QueueChoice): readonly string[] | null {
  if (choice.order === "turns") return null;
  return choice.order === "strict" ? choice.names : [...choice.weights.keys()];
}

function counted(name: "promote" | "rescue" | "prune"): (result: UpkeepResult) => Answer {
  return ({ count }) => ({ name, count });
}

function enqueueAnswer(result: EnqueueResult): EnqueueAnswer {
  if (result.status !== "created" && result.status !== "existing") return null;
  return { job: result.job.id, number: result.job.number };
}

function endOf(move: Move): AttemptEnd["to"] {
  return move.to === "done" ? move.state : "waiting";
}
