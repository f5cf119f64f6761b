import type { Call } from "../history/calls.ts";
import type { FaultEntry } from "../history/entry.ts";
import type { History } from "../history/history.ts";
import { Times, type Span } from "./times.ts";
import { unattendedSpans } from "./unattended.ts";

/** A store that answers nobody for so long, in microseconds, stands still rather than being busy. */
const SILENCE_US = 100_000;
/** A process is gone, or stands still, so soon after whoever brought that wrote that it would; in microseconds. */
const STRIKE_US = 100_000;

/** A process that was killed or stopped. */
export interface Stop {
  readonly fault: string;
  readonly process: string;
  /** When it did its last thing, at the earliest and at the latest. */
  readonly from: number;
  readonly until: number;
  /** When it went on; `Infinity` for one that was killed. */
  readonly goesOnAt: number;
}

/**
 * When something was not well, and what: by the faults that were brought, by what the processes noticed themselves, and
 * by the silence of the store around either.
 */
export class Troubles {
  /** Faults of the store. */
  readonly faults: Times;
  /** The same, and the silence of the store around any fault. */
  readonly store: Times;
  /** When any process stood still or got no time. */
  readonly anybody: Times;
  /** When the store or any process was not well, or nobody was there to do what must be done. */
  readonly any: Times;
  /** When the clock of the host was set. On a store that has none of its own, leases and waits may end then. */
  readonly clockSteps: readonly Span[];
  readonly stops: readonly Stop[];
  readonly #byProcess = new Map<string, Times>();
  readonly #besides = new Map<string, Times>();
  readonly #skewed = new Set<string>();
  readonly #unattended: readonly Span[];
  readonly #names: Names;

  constructor(history: History) {
    this.#names = new Names(history);
    const { faults, stalls } = history;
    const ofStore: Span[] = [];
    const clockSteps: Span[] = [];
    const stops: Stop[] = [];
    const spans = new Map<string, Span[]>();
    const add = (process: string, span: Span): void => {
      const all = spans.get(process);
      if (all === undefined) spans.set(process, [span]);
      else all.push(span);
    };
    for (const stall of stalls) add(stall.process, { from: stall.at, until: stall.until });
    for (const fault of faults) {
      const processes = this.#names.metBy(fault);
      const span = { from: fault.at, until: Math.max(fault.at, fault.until) };
      if (fault.fault === "clock") {
        for (const process of processes) this.#skewed.add(process);
        if (processes.length === 0) clockSteps.push(span);
      } else if (processes.length > 0) {
        for (const process of processes) {
          // Nobody waits for one that is gone.
          if (fault.fault !== "kill") add(process, span);
          stops.push(stopOf(fault, process, history));
        }
      } else if (!NOBODY.has(fault.target)) ofStore.push(span);
    }
    for (const [process, all] of spans) this.#byProcess.set(process, new Times(all));
    this.anybody = new Times([...spans.values()].flat());
    const near = new Times([...faults.map(({ at, until }) => ({ from: at, until })), ...this.anybody.spans]);
    this.store = new Times([
      ...ofStore,
      ...silences(history.calls).filter(({ from, until }) => near.meets(from, until)),
    ]);
    this.#unattended = unattendedSpans(history);
    this.any = new Times([...this.store.spans, ...this.anybody.spans, ...this.#unattended]);
    this.faults = new Times(ofStore);
    this.clockSteps = clockSteps;
    this.stops = stops;
  }

  /** When this process stood still or got no time. */
  of(process: string): Times {
    return this.#byProcess.get(process) ?? Times.none;
  }

  /** When the store or any process but this one was not well, or nobody was there to do what must be done. */
  besides(process: string): Times {
    let besides = this.#besides.get(process);
    if (besides === undefined) {
      const others = [...this.#byProcess].flatMap(([name, times]) => (name === process ? [] : times.spans));
      this.#besides.set(process, (besides = new Times([...this.store.spans, ...others, ...this.#unattended])));
    }
    return besides;
  }

  /** Whether the clock of this process was ever set to another time than the others'. */
  isSkewed(process: string): boolean {
    return this.#skewed.has(process);
  }

  /** What people call a process. */
  nameOf(process: string): string {
    return this.#names.of(process);
  }
}

/** What a fault that found no victim says of its target. */
const NOBODY: ReadonlySet<string> = new Set(["nobody", ""]);

class Names {
  readonly #history: History;
  readonly #livesByName: ReadonlyMap<string, readonly string[]>;

  constructor(history: History) {
    this.#history = history;
    const entries = [...history.processes.values()].toSorted((a, b) => a.at - b.at);
    const lives = Map.groupBy(entries, ({ name }) => name);
    this.#livesByName = new Map([...lives].map(([name, each]) => [name, each.map(({ process }) => process)]));
  }

  of(process: string): string {
    const name = this.#history.processes.get(process)?.name ?? process;
    const lives = this.#livesByName.get(name) ?? [];
    return lives.length < 2 ? name : `${name} (life ${lives.indexOf(process) + 1})`;
  }

  /** The processes that a fault names: those that lived then. A name may be followed by details. */
  metBy({ target, at, until }: FaultEntry): readonly string[] {
    return target.split(", ").flatMap((part) => {
      const [name = ""] = part.split(" ");
      if (this.#history.lastHeard.has(name)) return [name];
      const begunBy = (this.#livesByName.get(name) ?? []).filter(
        (process) => (this.#history.processes.get(process)?.at ?? 0) <= at,
      );
      const last = begunBy.at(-1) ?? this.#livesByName.get(name)?.find((process) => this.#isHeardBy(process, until));
      return last === undefined ? [] : [last];
    });
  }

  #isHeardBy(process: string, at: number): boolean {
    return (this.#history.processes.get(process)?.at ?? Infinity) <= at;
  }
}

function stopOf({ fault, at, until }: FaultEntry, process: string, { lastHeard }: History): Stop {
  const heard = lastHeard.get(process) ?? at;
  const isOver = heard > until;
  // What a process does in the moment between the word and the deed.
  const latest = Math.min(until, isOver ? at + STRIKE_US : Math.max(at + STRIKE_US, heard));
  return {
    fault,
    process,
    from: isOver ? at : Math.max(at, Math.min(heard, latest)),
    until: latest,
    goesOnAt: isOver ? until : Infinity,
  };
}

/** Calls that do not wait for others' work, and write something. */
function isWrite({ operation }: Call): boolean {
  if (operation.name === "claim") return operation.waits !== true;
  return operation.name !== "configure" && operation.name !== "fire";
}

/** When somebody asked the store for something, and it did nothing for anybody. */
function silences(calls: readonly Call[]): readonly Span[] {
  const ended = calls.filter((call) => call.answer !== null && isWrite(call)).toSorted((a, b) => a.until - b.until);
  const spans: Span[] = [];
  let lastDone = 0;
  let askedFrom = Infinity;
  for (const { from, until, answer } of ended) {
    askedFrom = Math.min(askedFrom, from);
    if (answer?.name === "error") continue;
    const begin = Math.max(lastDone, askedFrom);
    if (until - begin > SILENCE_US) spans.push({ from: begin, until });
    lastDone = until;
    askedFrom = Infinity;
  }
  return spans;
}
