import { isUnheard } from "../history/calls.ts";
import type { Evidence } from "./evidence.ts";
import { Times } from "./times.ts";

/** A server notices by then that whoever held something is gone, or silent. */
const LONGEST_HELD_US = 2_000_000;

/** When a row may have been held by somebody who gave it back. */
export function doubtsOf({ history, troubles }: Evidence): Times {
  const unheard = history.calls.filter(
    (call) => call.operation.name === "claim" && (isUnheard(call) || call.answer?.name === "error"),
  );
  return new Times([
    ...unheard.map(({ from, until, answer }) => ({ from, until: answer === null ? from + LONGEST_HELD_US : until })),
    ...troubles.store.spans.map(({ from, until }) => ({ from, until: until + LONGEST_HELD_US })),
    ...troubles.stops.map(({ from, until, goesOnAt }) => {
      return { from, until: goesOnAt < Infinity ? goesOnAt : until + LONGEST_HELD_US };
    }),
  ]);
}
