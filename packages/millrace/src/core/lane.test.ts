import { describe, expect, it } from "vitest";
import { missingLabels, normalizeLabels, serves, Turns, type QueueChoice } from "./lane.ts";

const labels = (...given: readonly string[]): ReadonlySet<string> => new Set(given);

describe("labels", () => {
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
  const turns = new Turns();
  return Array.from({ length: count }, () => turns.nextQueue(choice, names) ?? "none");
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
    const turns = new Turns();
    const choice: QueueChoice = { order: "strict", names: ["a", "b"] };
    expect(turns.nextQueue(choice, ["b", "a"])).toBe("a");
    expect(turns.nextQueue(choice, ["b"])).toBe("b");
    expect(turns.nextQueue(choice, ["c"])).toBeUndefined();
  });
});

describe("queues in turn", () => {
  it("get the same number of turns", () => {
    const served = serve({ order: "turns" }, ["a", "b", "c"], 300);
    expect(["a", "b", "c"].map((name) => countOf(served, name))).toEqual([100, 100, 100]);
  });
});

describe("fairness keys", () => {
  it("take turns in their own order, for each queue on its own", () => {
    const turns = new Turns();
    const keys = ["zoe", "adam", "mia"];
    expect(Array.from({ length: 4 }, () => turns.nextKey("mail", keys))).toEqual(["adam", "mia", "zoe", "adam"]);
    expect(turns.nextKey("video", keys)).toBe("adam");
  });

  it("go on behind the last, also when that one has no work any more", () => {
    const turns = new Turns();
    turns.nextKey("mail", ["a", "b", "c"]);
    turns.nextKey("mail", ["a", "b", "c"]);
    expect(turns.nextKey("mail", ["a", "c"])).toBe("c");
  });

  it("are none when there is none", () => expect(new Turns().nextKey("mail", [])).toBeUndefined());
});
