import type { JobId } from "millrace";

/** What both programs are started with. */
export interface ChaosInput {
  readonly url: string;
  /** Where this process writes what it has seen, line by line, as it happens. */
  readonly record: string;
  readonly seed: number;
  /** Handlers that each worker runs at once. */
  readonly concurrency: number;
  /** Jobs that wait before producers wait too: the workers should be able to finish in the end. */
  readonly backlog: number;
}

/** Where the process writes down what it asks of the store, and what it is answered. */
export function historyBeside(record: string): string {
  return record.replace(/\.jsonl$/, "-history.jsonl");
}

export const LEASE_MS = 900;

/** What a job asks of its handler. */
export interface Order {
  readonly producer: number;
  readonly n: number;
  readonly spendMs: number;
  /** How the first attempts end before one completes. */
  readonly ends: readonly ("throw" | "snooze" | "child")[];
}

/** What a handler returns: which claim it was that completed the job. */
export interface Receipt {
  readonly token: number;
  readonly pid: number;
}

/** A line of a record. Each is one write, so a killed process leaves whole lines. */
export type Line =
  | { readonly what: "acknowledged"; readonly job: JobId; readonly number: number | null; readonly scope: string }
  | { readonly what: "begin" | "end"; readonly job: JobId; readonly token: number; readonly at: number };

/** Numbers from 0 to 1 that follow from the seed alone (mulberry32). */
export function chanceFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
