import type { Job } from "../../core/job.ts";
import type { Settlement } from "../../core/settlement.ts";
import type { EnqueueResult, SettleStatus, Store, StoredSchedule } from "../../core/store.ts";
import { interceptCalls, type StoreCall } from "./intercept-calls.ts";

/** What the loops of the runtime ask when they look whether there is anything to do. */
const LOOKS: ReadonlySet<string> = new Set([
  "promote",
  "rescue",
  "fireSchedules",
  "prune",
  "heartbeat",
  "claim",
  "ended",
] satisfies (keyof Store)[]);

/** Knows what the runtime asks of a store and has no answer to yet, and so when it has come to rest. */
export class StoreWatch {
  /** Calls so far, of any kind. */
  callCount = 0;
  /** Calls without an answer; a claim that waits for tickets is not one. */
  inFlightCount = 0;
  /** Those of them with which a loop looked whether there is anything to do. */
  lookCount = 0;
  /** Timers that fired and were not those of such a loop: time limits, say. */
  otherTimerCount = 0;
  /** Ends of attempts that the store has accepted, in order. */
  readonly settled: Settlement[] = [];
  /** Jobs that were enqueued, as they were then, in order. */
  readonly created: Job[] = [];
  /** Organisations that have, or had, schedules. */
  readonly scheduling = new Set<string>();

  watch(store: Store): Store {
    return interceptCalls(store, (call, pass) => this.#watched(call, pass));
  }

  #watched(call: StoreCall, pass: () => unknown): unknown {
    this.callCount += 1;
    if (LOOKS.has(call.name)) this.lookCount += 1;
    const answer = pass();
    if (!(answer instanceof Promise)) return answer;
    if (call.name === "putSchedule") this.scheduling.add((call.args[0] as StoredSchedule).org);
    // Parked: what it waits for is a later call.
    if (call.name === "claim" && call.args[1] !== undefined) return answer;
    this.inFlightCount += 1;
    return this.#answered(call, answer);
  }

  async #answered({ name, args }: StoreCall, answer: Promise<unknown>): Promise<unknown> {
    try {
      const value = await answer;
      if (name === "settle") this.#noteSettled(args[0] as readonly Settlement[], value as readonly SettleStatus[]);
      if (name === "enqueue") this.#noteCreated(value as readonly EnqueueResult[]);
      return value;
    } finally {
      this.inFlightCount -= 1;
    }
  }

  #noteCreated(results: readonly EnqueueResult[]): void {
    for (const result of results) if (result.status === "created") this.created.push(result.job);
  }

  #noteSettled(settlements: readonly Settlement[], statuses: readonly SettleStatus[]): void {
    this.settled.push(...settlements.filter((_, i) => statuses[i] !== "lost"));
  }
}
