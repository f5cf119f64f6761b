/** The promises of docs/guarantees.md, in a line each. */
export const PROMISES: Readonly<Record<string, readonly [name: string, promise: string]>> = {
  G1: ["one winner", "a job is held by one worker at a time"],
  G2: ["fenced", "nothing that is said under an old token has an effect"],
  G3: ["nothing lost", "what was acknowledged is there, in one place"],
  G4: ["counted", "numbers are 1, 2, 3 … in the order of the commits, without a gap"],
  G5: ["timeline", "created, started, finished, in this order"],
  G6: ["final is final", "a finished job does not change any more"],
  G7: ["cancel ends", "a cancel ends in cancelled, or is refused because the job had finished"],
  G8: ["no peeking", "jobs of another organisation cannot be seen"],
  G9: ["quick recovery", "jobs of a dead worker run again within its lease and a second"],
  G10: ["bounded", "every call ends within its bound, with a result or with an error of Millrace's own"],
  G11: ["atomic with your data", "what is asked inside a transaction comes and goes with it"],
  G12: ["in order", "higher priority first, then first in, first out, and no lane starves"],
  G13: ["fail fast", "what is wrong is refused at the start"],
};

/** `G1 one winner`; a name that is not ours stays as it is. */
export function nameOfPromise(guarantee: string): string {
  const promise = PROMISES[guarantee];
  return promise === undefined ? guarantee : `${guarantee} ${promise[0]}`;
}
