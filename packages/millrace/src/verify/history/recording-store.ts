import { isMillraceError } from "../../core/errors.ts";
import type { EnqueueResult, Store } from "../../core/store.ts";
import type { Move } from "../../core/settlement.ts";
import type { Answer, AttemptEnd, EnqueueAnswer, Entry, Operation } from "./entry.ts";

/**
 * A store that writes down what it is asked and what it answers, and is the given one otherwise.
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
        { name: "enqueue", jobs: requests.map(({ id, scope, queue }) => ({ id, scope: scope ?? queue })) },
        () => store.enqueue(requests, terms),
        (results) => ({ name: "enqueue", results: results.map(enqueueAnswer) }),
      ),
    claim: (request, wait) =>
      recorded(
        { name: "claim", worker: request.worker, leaseMs: request.leaseMs },
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
        () => ({ name: "leave" }),
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

function enqueueAnswer(result: EnqueueResult): EnqueueAnswer {
  if (result.status !== "created" && result.status !== "existing") return null;
  return { job: result.job.id, number: result.job.number };
}

function endOf(move: Move): AttemptEnd["to"] {
  return move.to === "done" ? move.state : "waiting";
}
