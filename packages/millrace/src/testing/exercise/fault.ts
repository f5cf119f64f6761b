import { OptionsError } from "../../core/errors.ts";
import { nearest, show } from "../../core/options.ts";

/**
 * What can happen to an attempt:
 * - `die`: the process dies after an await of the handler; the lease runs out, and the job runs again under a new token
 * - `deliver-twice`: the process dies when the handler has done its work, before that is written; the job runs again
 * - `lose-reply`: a write of the attempt (its end, `ctx.complete`, an enqueue, a number) has its effect, and the answer is lost
 * - `slow`: the process stands still at an await for longer than its lease; the job runs to its end elsewhere, and then
 *   the first handler goes on, under a token that is worth nothing any more
 * - `time-out`: the time limit of the attempt is over at an await; the signal fires, and the handler goes on
 * - `cancel`: the job is cancelled while the handler is at an await; the signal fires, and the handler goes on
 */
export type FaultName = "die" | "deliver-twice" | "lose-reply" | "slow" | "time-out" | "cancel";

/** A fault and where it strikes: `"die:3"` after the third await, `"lose-reply:1"` after the first write. */
export type FaultText = "none" | "deliver-twice" | `${Exclude<FaultName, "deliver-twice">}:${number}`;

/** One fault at one point. */
export interface Fault {
  readonly name: FaultName;
  /** Which await, or which write, from 1; 0 where there is only one point. */
  readonly at: number;
}

/** After these a job still ends as it would have without them. */
export const HARMLESS_FAULTS: readonly FaultName[] = ["die", "deliver-twice", "lose-reply", "slow"];
export const FAULT_NAMES: readonly FaultName[] = [...HARMLESS_FAULTS, "time-out", "cancel"];

export function faultText(fault: Fault | null): FaultText {
  if (fault === null) return "none";
  return fault.name === "deliver-twice" ? "deliver-twice" : `${fault.name}:${fault.at}`;
}

/** @throws OptionsError when it is no fault */
export function parseFault(text: string): Fault | null {
  if (text === "none") return null;
  const [name = "", at] = text.split(":");
  const isKnown = (FAULT_NAMES as readonly string[]).includes(name);
  const isRight = name === "deliver-twice" ? at === undefined : at !== undefined && /^[1-9]\d*$/.test(at);
  if (isKnown && isRight) return { name: name as FaultName, at: Number(at ?? 0) };
  const meant = isKnown ? undefined : nearest(name, FAULT_NAMES);
  const hint = meant === undefined ? "" : `; did you mean ${show(meant)}?`;
  throw new OptionsError(`exercise(): only must be a fault such as "die:3", "deliver-twice" or "none"; got ${show(text)}${hint}`); // prettier-ignore
}

/** What it does, for people. @param place where in the code, if that is known */
export function tellFault({ name, at }: Fault, place: string | undefined): string {
  const where = `await ${at}${place === undefined ? "" : ` (${place})`}`;
  switch (name) {
    case "die":
      return `the process died after ${where}, and the job ran again`;
    case "deliver-twice":
      return "the process died when the handler had done its work, before that was written, and the job ran again";
    case "lose-reply":
      return `write ${at}${place === undefined ? "" : ` (${place})`} had its effect, but its answer was lost`;
    case "slow":
      return `the process stood still at ${where} until the job had run to its end elsewhere, and then went on`;
    case "time-out":
      return `the time limit was over at ${where}`;
    case "cancel":
      return `the job was cancelled at ${where}`;
  }
}
