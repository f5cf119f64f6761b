import { DEFAULT_QUEUE_SETTINGS } from "../../core/queue.ts";
import type { FinalState } from "../../core/states.ts";
import { isUnheard, type Call } from "../history/calls.ts";
import type { Span } from "./times.ts";

/** What held for the jobs of queues, as far as they were configured in the history; the defaults otherwise. */
export class QueueTerms {
  readonly #configured = new Map<string, Call[]>();
  /** When something was last deleted, or may have been; `-Infinity` if never. */
  readonly #prunedUntil: number;
  readonly #hasClockSteps: boolean;

  constructor(calls: readonly Call[], clockSteps: readonly Span[]) {
    let prunedUntil = -Infinity;
    for (const call of calls) {
      const { operation, answer, until } = call;
      if (operation.name === "prune") {
        if (isUnheard(call)) prunedUntil = Infinity;
        else if (answer?.name === "prune" && answer.count > 0) prunedUntil = Math.max(prunedUntil, until);
      }
      if (operation.name !== "configure") continue;
      const all = this.#configured.get(operation.queue) ?? [];
      all.push(call);
      this.#configured.set(operation.queue, all);
    }
    this.#prunedUntil = prunedUntil;
    this.#hasClockSteps = clockSteps.length > 0;
  }

  /** The longest grace that may have held for a cancel between two instants, in milliseconds. */
  graceMs(queue: string, { from, until }: Span): number {
    let longest = DEFAULT_QUEUE_SETTINGS.cancelGraceMs;
    for (const call of this.#configured.get(queue) ?? []) {
      const { operation } = call;
      if (operation.name !== "configure" || operation.cancelGraceMs === undefined || call.from > until) continue;
      const isCertain = !isUnheard(call) && call.answer?.name !== "error" && call.until < from;
      longest = isCertain ? operation.cancelGraceMs : Math.max(longest, operation.cancelGraceMs);
    }
    return longest;
  }

  /** From when on a job that ended so, then at the earliest, may have been deleted; `null` where it was not. */
  prunableFrom(queue: string, end: FinalState, endedFrom: number): number | null {
    let shortest = DEFAULT_QUEUE_SETTINGS.retention[keptAs(end)] ?? Infinity;
    for (const { operation } of this.#configured.get(queue) ?? []) {
      const ms = operation.name === "configure" ? operation.retention?.[keptAs(end)] : undefined;
      if (ms !== undefined) shortest = Math.min(shortest, ms ?? Infinity);
    }
    // A clock that is set forward ends every retention.
    const from = endedFrom + (this.#hasClockSteps && shortest < Infinity ? 0 : shortest * 1_000) - CLOCKS_DIFFER_US;
    return from <= this.#prunedUntil ? from : null;
  }
}

const CLOCKS_DIFFER_US = 5_000;

function keptAs(end: FinalState): "completedMs" | "failedMs" | "cancelledMs" {
  return `${end}Ms`;
}
