import { describe, expect, it } from "vitest";
import { missingLabels, normalizeLabels, QueueTurns, serves, type QueueChoice } from "./lane.ts";

const labels = (...given: readonly string[]): ReadonlySet<string> => new Set(given);

describe("labels", () => {
  it("of a person meet what is done by hand, and nothing else", () => {
    expect(serves({ requires: ["manual"] }, labels("manual"))).toBe(true);
    expect(serves({ requires: [] }, labels("manual"))).toBe(false);
    expect(serves({ requires: ["gpu"] }, labels("manual", "gpu"))).toBe(false);
    expect(serves({ requires: ["manual"] }, labels("gpu"))).toBe(false);
  });

  it("are compared sorted, each once", () => expect(normalizeLabels(["gpu", "arm", "gpu"])).toEqual(["arm", "gpu"]));

  it.each([
    ["gpu", "gpu"],
    ["gpu", "gpu=nvenc"],
    ["gpu=nvenc", "gpu=nvenc"],
    ["threads>=8", "threads=8"],
    ["threads>=8", "threads=16"],
    ["threads>=8", "threads>=8"],
  ])("a worker meets %j with %j", (requirement, label) =>
    expect(serves({ requires: [requirement] }, labels(label))).toBe(true),
  );

  it.each([
    ["gpu", "gpus"],
    ["gpu", "cpu=gpu"],
    ["gpu=nvenc", "gpu"],
    ["gpu=nvenc", "gpu=vaapi"],
    ["threads>=8", "threads=7"],
    ["threads>=8", "threads"],
    ["threads>=8", "threads=many"],
    ["threads>=", "threads=x"],
  ])("a worker does not meet %j with %j", (requirement, label) =>
    expect(serves({ requires: [requirement] }, labels(label))).toBe(false),
  );

  it("that are missing are named, the others are not", () =>
    expect(missingLabels(["arm", "gpu", "threads>=8"], labels("gpu=x", "threads=4"))).toEqual(["arm", "threads>=8"]));

  it("are not asked for by a job that requires none", () => expect(serves({ requires: [] }, labels())).toBe(true));
});

/** How often each queue is served in so many turns while all have work. */
function serve(choice: QueueChoice, names: readonly string[], count: number): readonly string[] {
  const turns = new QueueTurns();
  return Array.from({ length: count }, () => turns.next(choice, names) ?? "none");
}

const countOf = (all: readonly string[], name: string): number => all.filter((each) => each === name).length;

const WEIGHTED: QueueChoice = {
  order: "weighted",
  weights: new Map([
    ["live", 10],
    ["day", 5],
    ["night", 1],
  ]),
};

describe("weighted queues", () => {
  it("get 10 : 5 : 1 of the turns, exactly, over every 16", () => {
    const served = serve(WEIGHTED, ["live", "day", "night"], 1_600);
    for (let i = 0; i < served.length; i += 16) {
      const round = served.slice(i, i + 16);
      expect([countOf(round, "live"), countOf(round, "day"), countOf(round, "night")]).toEqual([10, 5, 1]);
    }
  });

  it("are spread, so that no queue is served in one lump", () => {
    const served = serve(WEIGHTED, ["live", "day", "night"], 160).join(" ");
    expect(served).not.toContain("day day");
    expect(served).not.toContain("live live live live");
  });

  it("are not served without a weight, nor at all when none has work", () => {
    expect(serve(WEIGHTED, ["other"], 2)).toEqual(["none", "none"]);
    expect(serve(WEIGHTED, [], 1)).toEqual(["none"]);
  });

  it("share what is left when some are empty", () => {
    const served = serve(WEIGHTED, ["day", "night"], 60);
    expect([countOf(served, "day"), countOf(served, "night")]).toEqual([50, 10]);
  });
});

describe("strict queues", () => {
  it("are served in the order of the list, the second only while the first has nothing", () => {
    const turns = new QueueTurns();
    const choice: QueueChoice = { order: "strict", names: ["a", "b"] };
    expect(turns.next(choice, ["b", "a"])).toBe("a");
    expect(turns.next(choice, ["b"])).toBe("b");
    expect(turns.next(choice, ["c"])).toBeUndefined();
  });
});
