import type { Millrace } from "millrace";

/** One wrong call of the library, and the error it gets. */
export interface BadCall {
  readonly name: string;
  /** Gets a client of an empty store in memory. */
  readonly call: (mill: Millrace) => unknown;
  /** Of the error; the name of its class where it has none. */
  readonly code: string;
  /** A part of the message. */
  readonly says: string;
}

/** Types forbid most of these; programs in JavaScript, and data from outside, do them anyway. */
export const wrong = (value: unknown): never => value as never;
