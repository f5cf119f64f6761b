import type { Millrace } from "millrace";
import type { Store } from "../../src/core/store.ts";

/** Where an act plays: a store of its own, seen from both sides. */
export interface Stage {
  readonly mill: Millrace;
  readonly store: Store;
  /** Resolves when nothing is being done on the store any more. */
  readonly quiet: () => Promise<void>;
}

/** An act that is set up. */
export interface Play {
  /** What has to be there for `run`. Not counted. */
  readonly before?: () => Promise<unknown>;
  /** What is counted. */
  readonly run: () => Promise<unknown>;
  readonly end?: () => Promise<unknown>;
}

export const KIND = "cost";
const PAYLOAD = { to: "somebody@example.org", subject: "Hello", lines: [1, 2, 3] };

export function enqueueOne({ mill }: Stage): Promise<unknown> {
  return mill.enqueue(KIND, PAYLOAD);
}

/** In one call. */
export function enqueueMany({ mill }: Stage, count: number): Promise<unknown> {
  return mill.enqueueMany(Array.from({ length: count }, () => ({ kind: KIND, payload: PAYLOAD })));
}
