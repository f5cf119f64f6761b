import { expect, it } from "vitest";
import { unattendedSpans } from "../../src/verify/check/unattended.ts";
import type { Entry, Operation } from "../../src/verify/history/entry.ts";
import { gatherHistory } from "../../src/verify/history/history.ts";

const asks = (process: string, at: number, operation: Operation): Entry => {
  return { type: "call", process, call: at, at, operation };
};
const rescues = (process: string, at: number): Entry => asks(process, at, { name: "rescue" });

function spansOf(...entries: readonly Entry[]): readonly object[] {
  return unattendedSpans(gatherHistory(entries));
}

it("between the death of the last that rescues and the first rescue of another, nobody is there", () => {
  const leaves = asks("a", 40, { name: "leave", worker: "w" });
  expect(spansOf(rescues("a", 10), rescues("b", 20), rescues("b", 30), leaves, rescues("c", 90))).toEqual([
    { from: 40, until: 90 },
  ]);
});

it("as long as one of them is heard of, somebody is there", () => {
  expect(spansOf(rescues("a", 10), rescues("b", 20), rescues("a", 30), rescues("b", 60), rescues("c", 50))).toEqual([]);
});

it("where nobody tells of rescues, it is not known that nobody is there", () => {
  expect(spansOf(asks("a", 10, { name: "promote" }), asks("b", 90, { name: "promote" }))).toEqual([]);
});
