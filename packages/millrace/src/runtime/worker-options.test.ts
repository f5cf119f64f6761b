import { describe, expect, it } from "vitest";
import { isMillraceError } from "../core/errors.ts";
import { namesOf, resolveWorkerOptions, type WorkerOptions } from "./worker-options.ts";

function refusal(options: unknown): string {
  try {
    resolveWorkerOptions(options as WorkerOptions);
  } catch (error) {
    if (isMillraceError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "";
}

describe("the options of a worker", () => {
  it("have defaults, are frozen, and an undefined one does not hide its default", () => {
    const options = resolveWorkerOptions({ concurrency: undefined } as never);
    expect(options).toEqual({
      queues: { order: "turns" },
      concurrency: 10,
      prefetch: 0,
      labels: [],
      leaseMs: 30_000,
      heartbeatMs: 10_000,
      stopGraceMs: 30_000,
      abortGraceMs: 5_000,
      name: null,
    });
    expect(Object.isFrozen(options)).toBe(true);
  });

  it("beat three times in a short lease, and every ten seconds in a long one", () => {
    expect(resolveWorkerOptions({ leaseMs: 900 }).heartbeatMs).toBe(300);
    expect(resolveWorkerOptions({ leaseMs: 600_000 }).heartbeatMs).toBe(10_000);
  });

  it("serve a list in strict order, names with weights by weight, and all queues in turn", () => {
    const strict = resolveWorkerOptions({ queues: ["a", "b"] }).queues;
    const weighted = resolveWorkerOptions({ queues: { a: 10, b: 0.5 } }).queues;
    expect(strict).toEqual({ order: "strict", names: ["a", "b"] });
    expect(weighted).toEqual({ order: "weighted", weights: new Map(Object.entries({ a: 10, b: 0.5 })) });
    expect([strict, weighted, resolveWorkerOptions().queues].map(namesOf)).toEqual([["a", "b"], ["a", "b"], null]);
  });
});

describe("a wrong option of a worker", () => {
  it.each([
    [{ concurrency: 0 }, "concurrency must be a whole number, 1 or more"],
    [{ concurrency: 2.5 }, "concurrency must be a whole number"],
    [{ prefetch: -1 }, "prefetch must be a whole number, 0 or more"],
    [{ labels: "gpu" }, "labels must be a list of labels"],
    [{ leaseMs: 29 }, "leaseMs must be milliseconds from 30"],
    [{ leaseMs: 100, heartbeatMs: 34 }, "leaseMs (100) must be at least three times heartbeatMs (34)"],
    [{ heartbeatMs: 9 }, "heartbeatMs must be milliseconds from 10"],
    [{ stopGraceMs: -1 }, "stopGraceMs must be milliseconds from 0"],
    [{ abortGraceMs: Number.NaN }, "abortGraceMs must be milliseconds from 0"],
    [{ name: "a/b" }, 'name must not contain "#", "/"'],
    [{ queues: [] }, "queues is empty; leave it out to serve every queue"],
    [{ queues: {} }, "queues is empty"],
    [{ queues: "mail" }, "queues must be a list of names, or names with weights"],
    [{ queues: ["mail", ""] }, "a queue must have 1 to 200 characters"],
    [{ queues: { mail: 0 } }, 'the weight of "mail" must be above 0; got 0'],
    [{ queues: { mail: "10" } }, 'the weight of "mail" must be above 0; got "10"'],
    [{ concurency: 3 }, 'did you mean "concurrency"?'],
    [{ leaseMS: 3 }, 'did you mean "leaseMs"?'],
    [7, "options must be an object"],
  ])("is refused as options_invalid: %j", (options, why) => {
    expect(refusal(options)).toMatch(/^options_invalid: worker\(\): /);
    expect(refusal(options)).toContain(why);
  });

  it("is told together with all the others", () => {
    const told = refusal({ concurrency: 0, prefetch: -1, labels: 1, leaseMs: 5, queues: [], name: "" });
    for (const name of ["concurrency", "prefetch", "labels", "leaseMs", "queues", "name"]) expect(told).toContain(name);
  });
});
