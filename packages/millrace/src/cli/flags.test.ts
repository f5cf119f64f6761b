import { describe, expect, it } from "vitest";
import { parseBackoff } from "./backoff-flag.ts";
import { countFlag, priorityFlag, tagsFlag } from "./flags.ts";
import { parseQueues } from "./queue-weights.ts";

describe("--backoff", () => {
  it.each([
    ["fixed:5s", { type: "fixed", delayMs: 5_000 }],
    ["exponential:1s", { type: "exponential", delayMs: 1_000 }],
    [
      "exponential:1s,factor=3,max=10m,jitter=0",
      { type: "exponential", delayMs: 1_000, factor: 3, maxMs: 600_000, jitter: 0 },
    ],
  ])("%s", (text, policy) => {
    expect(parseBackoff(text)).toEqual(policy);
  });

  it.each([
    "",
    "fixed",
    "fixed:",
    "linear:1s",
    "fixed:5s,factor=2",
    "exponential:1s,factor",
    "exponential:1s,factor=x",
    "exponential:1s,",
    "exponential:1s,jitter=2",
  ])("%j is refused", (text) => expect(() => parseBackoff(text)).toThrow("--backoff"));
});

describe("--queues", () => {
  it.each([
    ["a,b", ["a", "b"]],
    ["a", ["a"]],
    ["a=10,b=5", { a: 10, b: 5 }],
    [" a , b ", ["a", "b"]],
  ])("%s", (text, queues) => {
    expect(parseQueues(text)).toEqual(queues);
  });

  it.each(["", "a,", "a,a", "a=1,b", "a=0", "a=-1", "a=1.5", "a=x", "a=", "a#b", "=1"])("%j is refused", (text) => {
    expect(() => parseQueues(text)).toThrow("--queues");
  });
});

describe("numbers and tags", () => {
  it("are whole numbers, written as such", () => {
    expect(countFlag("--n")("7")).toBe(7);
    expect(priorityFlag("--priority")("-3")).toBe(-3);
    for (const text of ["", "0", "1.5", "1e3", "0x10", "Infinity", "12abc", "99999999999999999999"]) {
      expect(() => countFlag("--n")(text)).toThrow("--n must be a whole number");
    }
  });

  it("tags add up, and a name that means something to JavaScript is a name", () => {
    const read = tagsFlag("--tag");
    const tags = read("constructor", read("b=x=y", read("a=1")));
    expect(tags).toEqual({ a: "1", b: "x=y", constructor: "" });
    expect(() => read("a=2", tags)).toThrow('--tag: "a" is given twice');
    expect(Object.entries(read("__proto__=1"))).toEqual([["__proto__", "1"]]);
  });
});
