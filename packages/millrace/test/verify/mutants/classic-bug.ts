import type { GuaranteeId } from "../../../src/testing/index.ts";
import type { HistoryViolation } from "../../../src/verify/check/verdict.ts";

/** A bug that queues are known to have had, and where it is hunted. The one list of them is `CLASSIC_BUGS`. */
export interface ClassicBug {
  /** What a store or a server does that has it, as a sentence about it. */
  readonly bug: string;
  readonly guarantee: GuaranteeId;
  /** Queues that people relied on were shipped with it. @default false */
  readonly wasShipped?: boolean;
  readonly hunts: readonly Hunt[];
}

export const PLACES = ["SQLite", "PostgreSQL", "server"] as const;

export type Place = (typeof PLACES)[number];

/** One bug, put into one place, and the search for it. */
export interface Hunt {
  readonly place: Place;
  /** It waits for something real for some seconds. @default false */
  readonly isSlow?: boolean;
  /** Answers `null` when it ended without having found the bug. */
  readonly run: (terms: HuntTerms) => Promise<Finding | null>;
}

export interface HuntTerms {
  /** Where the search begins. */
  readonly seed: number;
  /** When it is to be given up, by `performance.now()`. */
  readonly deadline: number;
}

export interface Finding {
  /** Which promise was seen to be broken. */
  readonly guarantee: string;
  /** What found it: the part of the checker, or the name of a test. */
  readonly foundBy: string;
  /** How many calls, requests or starts were made until then, those of histories that showed nothing among them. */
  readonly operations: number;
  /** What was seen, for the picture. */
  readonly violation: HistoryViolation;
  /** The one that shows it again. */
  readonly seed: number;
}
