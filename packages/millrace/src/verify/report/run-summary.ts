import type { AnswerEntry, CallEntry, Entry, FaultEntry, Operation, StallEntry } from "../history/entry.ts";
import { Latencies } from "./latencies.ts";
import { TimeBins, type TimeBin } from "./time-bins.ts";

/** What a report tells of a history, however long that was. */
export interface RunSummary {
  /** Microseconds on the clock of the history, from the first entry to the end of the last. */
  readonly from: number;
  readonly until: number;
  /** Each life of a place in the crew is one; of a history that does not tell of them, whoever asked for anything. */
  readonly processes: number;
  readonly calls: number;
  /** Nobody heard an answer: the process died before it came. */
  readonly unanswered: number;
  /** How many calls were answered with an error, by its code. */
  readonly errors: ReadonlyMap<string, number>;
  /** Who took part, by role: one for each place in the crew, however often it was filled again. */
  readonly roles: ReadonlyMap<string, number>;
  /** Leases that were handed out. */
  readonly claims: number;
  /** Attempts that ended and were taken down. */
  readonly settled: number;
  /** Leases whose worker neither said how the attempt ended nor gave it back: it was killed, or had lost it. */
  readonly neverSettled: number;
  /** Of calls that were answered and not with an error; of claims, those that did not wait for a job to come. */
  readonly latencies: Readonly<Record<TimedCall, Latencies>>;
  readonly bins: readonly TimeBin[];
  /** Microseconds that a bin is wide. */
  readonly binWidth: number;
  readonly faults: readonly FaultEntry[];
  /** When processes got no time. */
  readonly stalls: readonly StallEntry[];
}

export type TimedCall = "enqueue" | "claim" | "settle";

/** One pass over the entries, in any order in which those of a process are in theirs. */
export function summarize(entries: Iterable<Entry>): RunSummary {
  const tally = new Tally();
  for (const entry of entries) tally.add(entry);
  return tally.summary();
}

interface Asked {
  readonly at: number;
  readonly operation: Operation;
}

class Tally {
  readonly #asked = new Map<string, Asked>();
  /** By job and token, the worker of each lease of which nobody has said anything yet. */
  readonly #held = new Map<string, string>();
  readonly #askers = new Set<string>();
  readonly #errors = new Map<string, number>();
  /** Of which was read that they ended, and not yet that they were given. */
  readonly #endedBefore = new Set<string>();
  readonly #lives = new Set<string>();
  readonly #crew = new Map<string, Set<string>>();
  readonly #faults: FaultEntry[] = [];
  readonly #stalls: StallEntry[] = [];
  readonly #bins = new TimeBins();
  readonly #latencies = { enqueue: new Latencies(), claim: new Latencies(), settle: new Latencies() };
  #from = Infinity;
  #until = -Infinity;
  #calls = 0;
  #claims = 0;
  #settled = 0;

  add(entry: Entry): void {
    this.#from = Math.min(this.#from, entry.at);
    this.#until = Math.max(this.#until, "until" in entry ? entry.until : entry.at);
    switch (entry.type) {
      case "call":
        return this.#call(entry);
      case "answer":
        return this.#answer(entry);
      case "fault":
        return void this.#faults.push(entry);
      case "stall":
        return void this.#stalls.push(entry);
      case "process": {
        this.#lives.add(entry.process);
        const names = this.#crew.get(entry.role) ?? new Set();
        this.#crew.set(entry.role, names.add(entry.name));
      }
    }
  }

  summary(): RunSummary {
    const isEmpty = this.#from > this.#until;
    return {
      from: isEmpty ? 0 : this.#from,
      until: isEmpty ? 0 : this.#until,
      processes: this.#lives.size > 0 ? this.#lives.size : this.#askers.size,
      calls: this.#calls,
      unanswered: this.#asked.size,
      errors: this.#errors,
      roles: new Map([...this.#crew].map(([role, names]) => [role, names.size])),
      claims: this.#claims,
      settled: this.#settled,
      neverSettled: this.#held.size,
      latencies: this.#latencies,
      bins: this.#bins.all(),
      binWidth: this.#bins.width,
      faults: this.#faults.toSorted((a, b) => a.at - b.at),
      stalls: this.#stalls.toSorted((a, b) => a.at - b.at),
    };
  }

  #call({ process, call, at, operation }: CallEntry): void {
    this.#calls += 1;
    this.#askers.add(process);
    this.#asked.set(`${process} ${call}`, { at, operation });
    if (operation.name === "settle" || operation.name === "transact") {
      for (const { job, token } of operation.ends) this.#ended(`${job} ${token}`);
    }
    if (operation.name !== "leave") return;
    for (const [lease, worker] of this.#held) if (worker === operation.worker) this.#held.delete(lease);
  }

  #answer({ process, call, at, answer }: AnswerEntry): void {
    const asked = this.#asked.get(`${process} ${call}`);
    if (asked === undefined) return;
    this.#asked.delete(`${process} ${call}`);
    const took = at - asked.at;
    const { operation } = asked;
    if (answer.name === "error") this.#errors.set(answer.code, (this.#errors.get(answer.code) ?? 0) + 1);
    if (answer.name === "enqueue") this.#took("enqueue", at, took);
    if (answer.name === "claim" && operation.name === "claim") {
      if (operation.waits !== true) this.#latencies.claim.add(took);
      this.#claims += answer.leases.length;
      for (const { job, token } of answer.leases) this.#given(`${job} ${token}`, operation.worker);
    }
    if (answer.name === "settle") {
      this.#took("settle", at, took);
      this.#settledAt(at, answer.statuses.filter((status) => status !== "lost").length);
    }
    if (answer.name === "transact" && operation.name === "transact" && operation.to === "commit") {
      this.#settledAt(at, operation.ends.length);
    }
  }

  #given(lease: string, worker: string): void {
    if (!this.#endedBefore.delete(lease)) this.#held.set(lease, worker);
  }

  #ended(lease: string): void {
    if (!this.#held.delete(lease)) this.#endedBefore.add(lease);
  }

  #took(name: "enqueue" | "settle", at: number, us: number): void {
    this.#latencies[name].add(us);
    this.#bins.answered(at, name, us);
  }

  #settledAt(at: number, count: number): void {
    this.#settled += count;
    this.#bins.settled(at, count);
  }
}
