import type { Absence } from "./mutant.ts";

export const ONE_WRITER: Absence = {
  why: "one writer at a time: what a transaction has read, nobody changes before it ends",
};
export const NO_OTHERS: Absence = {
  why: "while a caller's transaction is open nobody else writes, so there is nobody to delay",
};
export const NUMBERED_AT_ONCE: Absence = {
  why: "jobs of a caller's transaction are numbered like all others, when they are enqueued",
};
export const KNOWN: Absence = {
  why: "which row a name has is asked in each transaction, and not remembered over its end",
};
export const POLLED: Absence = {
  why: "others' commits are seen in a counter of the file, which nobody has to raise",
};
