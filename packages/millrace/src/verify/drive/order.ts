/** What a job asks of its handler. */
export interface Order {
  readonly spendMs: number;
  /** How its first claims end, one by one, before one completes it. */
  readonly ends: readonly Ending[];
}

export const ENDINGS = [
  "throw",
  "permanent",
  "fail",
  "snooze",
  "cancel",
  "child",
  /** Goes on until its time limit fires its signal. */
  "overrun",
  /** Does not hear its signal for a while. */
  "deaf",
  /** Completes early, by `ctx.complete()`. */
  "complete",
  /** Completes in a transaction of its own, which commits. */
  "commit",
  /** Completes in one that is rolled back, and fails. */
  "rollback",
  /** Completes in one, and dies before it commits. */
  "die",
] as const;

export type Ending = (typeof ENDINGS)[number];

/** What a handler returns: which claim it was that completed the job. */
export interface Receipt {
  readonly token: number;
}

export const KINDS = {
  /** Carries an order out. */
  work: "work",
  /** Was enqueued by the handler of another. */
  child: "child",
  /** Was enqueued in a transaction, which wrote down its id beside it. */
  bound: "bound",
  /** Has a key. */
  keyed: "keyed",
  /** Came by the clock. */
  timed: "timed",
} as const;
