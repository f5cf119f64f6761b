import type { Call } from "./calls.ts";
import type { Entry, FaultEntry, ProcessEntry, StallEntry } from "./entry.ts";

/** What the entries of a history tell together. */
export interface History {
  /** In the order in which they began; but for most of those that found nothing to do. */
  readonly calls: readonly Call[];
  /** How many calls were left out, for there is nothing to be learnt from them. */
  readonly idleCount: number;
  readonly processes: ReadonlyMap<string, ProcessEntry>;
  readonly faults: readonly FaultEntry[];
  readonly stalls: readonly StallEntry[];
  /** When each process was last heard of. */
  readonly lastHeard: ReadonlyMap<string, number>;
  /** When anything was last heard of. */
  readonly end: number;
}

/** One that took longer, in microseconds, is kept for that. */
const QUICK_US = 250_000;
/** So often one of each process is kept that found nothing to do, to show that it and the store were well. */
const KEEP_EVERY_US = 50_000;

/** A call whose answer may come yet. */
type OpenCall = { -readonly [Name in keyof Call]: Call[Name] };

/**
 * Put calls and answers together. The entries of one process are in their order; those of several may be mixed or come
 * one after the other.
 */
export function gatherHistory(entries: Iterable<Entry>): History {
  const calls: OpenCall[] = [];
  let idleCount = 0;
  const keptIdle = new Map<string, number>();
  const open = new Map<string, Map<number, OpenCall>>();
  const processes = new Map<string, ProcessEntry>();
  const faults: FaultEntry[] = [];
  const stalls: StallEntry[] = [];
  const lastHeard = new Map<string, number>();
  for (const entry of entries) {
    if (entry.type === "fault") {
      faults.push(entry);
      continue;
    }
    const { process, at } = entry;
    lastHeard.set(process, Math.max(at, lastHeard.get(process) ?? at));
    switch (entry.type) {
      case "process":
        processes.set(process, entry);
        break;
      case "stall":
        stalls.push(entry);
        break;
      case "call": {
        const call: OpenCall = { process, operation: entry.operation, from: at, until: at, answer: null };
        let ofProcess = open.get(process);
        if (ofProcess === undefined) open.set(process, (ofProcess = new Map<number, OpenCall>()));
        ofProcess.set(entry.call, call);
        break;
      }
      case "answer": {
        const call = open.get(process)?.get(entry.call);
        if (call === undefined) break;
        call.until = at;
        call.answer = entry.answer;
        open.get(process)?.delete(entry.call);
        if (!isIdle(call)) calls.push(call);
        else if (at - (keptIdle.get(process) ?? -Infinity) >= KEEP_EVERY_US) {
          keptIdle.set(process, at);
          calls.push(call);
        } else idleCount += 1;
      }
    }
  }
  for (const unanswered of open.values()) calls.push(...unanswered.values());
  let end = 0;
  for (const at of lastHeard.values()) end = Math.max(end, at);
  return {
    calls: calls.toSorted((a, b) => a.from - b.from),
    idleCount,
    processes,
    faults: faults.toSorted((a, b) => a.at - b.at),
    stalls: stalls.toSorted((a, b) => a.at - b.at),
    lastHeard,
    end,
  };
}

/** Whether it was answered at once that there was nothing to do. */
function isIdle({ operation, answer, from, until }: Call): boolean {
  if (until - from > QUICK_US && !(operation.name === "claim" && operation.waits === true)) return false;
  if (answer === null) return false;
  if ("count" in answer) return answer.count === 0 && answer.name !== "leave";
  if (answer.name === "claim") return answer.leases.length === 0;
  return answer.name === "heartbeat" && answer.statuses.length === 0;
}
