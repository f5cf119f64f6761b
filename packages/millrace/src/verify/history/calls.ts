import type { Answer, Entry, Operation } from "./entry.ts";

/** A call and, where there was one, its answer. */
export interface Call {
  readonly process: string;
  readonly operation: Operation;
  readonly from: number;
  /** The same as `from` where there is no answer. */
  readonly until: number;
  /** `null` where nobody heard of one. */
  readonly answer: Answer | null;
}

/** The calls of a history, in the order in which they began. */
export function callsOf(entries: Iterable<Entry>): readonly Call[] {
  const calls = new Map<string, Call>();
  const answers: (Entry & { readonly type: "answer" })[] = [];
  for (const entry of entries) {
    if (entry.type === "answer") answers.push(entry);
    if (entry.type !== "call") continue;
    const { process, operation, at } = entry;
    calls.set(`${process} ${entry.call}`, { process, operation, from: at, until: at, answer: null });
  }
  for (const { process, call, at, answer } of answers) {
    const asked = calls.get(`${process} ${call}`);
    if (asked !== undefined) calls.set(`${process} ${call}`, { ...asked, until: at, answer });
  }
  return [...calls.values()].toSorted((a, b) => a.from - b.from);
}
