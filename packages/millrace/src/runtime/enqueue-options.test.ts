import { describe, expect, it } from "vitest";
import { isMillraceError } from "../core/errors.ts";
import { createJobIds } from "../core/job-id.ts";
import { defineJob, type JobDefinition } from "../core/kind.ts";
import { toRequest, type EnqueueOptions } from "./enqueue-options.ts";

const newId = createJobIds(Date.now, Math.random);

function request(options: EnqueueOptions = {}, definition?: JobDefinition, payload: unknown = { to: "a" }) {
  return toRequest({ id: newId(), org: "acme", kind: definition?.kind ?? "mail.send", definition }, payload, options);
}

function refusal(options: unknown, kind: unknown = "mail.send"): string {
  try {
    toRequest({ id: newId(), org: "acme", kind: kind as string, definition: undefined }, {}, options as EnqueueOptions);
  } catch (error) {
    if (isMillraceError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "";
}

describe("what an enqueue asks the store for", () => {
  it("leaves to the queue what nobody said", () =>
    expect(request()).toMatchObject({
      kind: "mail.send", queue: "default", payload: '{"to":"a"}', priority: 0, delayMs: null, runAt: null, key: null,
      scope: null, numbered: null, tags: {}, requires: [], maxAttempts: null, timeoutMs: null, backoff: null,
    })); // prettier-ignore

  it("takes the definition's word, and the caller's above it", () => {
    const definition = defineJob("k", {
      queue: "video",
      priority: 3,
      maxAttempts: 7,
      timeoutMs: 50,
      requires: ["b", "a", "b"],
    });
    expect(request({}, definition)).toMatchObject({
      queue: "video",
      priority: 3,
      maxAttempts: 7,
      timeoutMs: 50,
      requires: ["a", "b"],
    });
    const own = { queue: "mail", priority: -1, maxAttempts: 1, timeoutMs: 9, requires: [] };
    expect(request(own, definition)).toMatchObject(own);
  });

  it("knows words for priorities", () =>
    expect((["high", "medium", "low"] as const).map((priority) => request({ priority }).priority)).toEqual([
      10, 0, -10,
    ]));

  it("takes tags with values, or names alone", () => {
    expect(request({ tags: { customer: "7" } }).tags).toEqual({ customer: "7" });
    expect(request({ tags: ["urgent", "mail"] }).tags).toEqual({ urgent: "", mail: "" });
  });

  it("keeps a policy of the definition, but not a function: that one the worker asks", () => {
    const backoff = { type: "fixed", delayMs: 5 } as const;
    expect(request({}, defineJob("k", { backoff })).backoff).toEqual(backoff);
    expect(request({}, defineJob("k", { backoff: () => 5 })).backoff).toBeNull();
  });
});

const LONG = "x".repeat(256);
const MANY = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, ""]));

describe("a wrong option of an enqueue", () => {
  it.each([
    [{ queue: "" }, "queue must have 1 to 200 characters"],
    [{ queue: "a/b" }, "queue must not contain"],
    [{ scope: "a#1" }, "scope must not contain"],
    [{ group: 7 }, "group must be a name; got 7"],
    [{ fairKey: "" }, "fairKey must have 1 to 200 characters"],
    [{ key: "" }, "key must be text of 1 to 255 characters"],
    [{ key: LONG }, "key must be text of 1 to 255 characters"],
    [{ createdBy: 5 }, "createdBy must be text"],
    [{ priority: 0.5 }, "priority must be a whole number"],
    [{ priority: "urgent" }, 'priority must be a whole number, "high", "medium" or "low"; got "urgent"'],
    [{ delayMs: -1 }, "delayMs must be milliseconds from 0"],
    [{ delayMs: "5m" }, "delayMs must be milliseconds from 0"],
    [{ runAt: "tomorrow" }, 'runAt must be a valid Date; got "tomorrow"'],
    [{ runAt: new Date(Number.NaN) }, "runAt must be a valid Date"],
    [{ runAt: new Date(), delayMs: 5 }, "give delayMs or runAt, not both"],
    [{ numbered: "no" }, "numbered must be true or false"],
    [{ tags: "urgent" }, 'tags must be names with values; got "urgent"'],
    [{ tags: { a: 1 } }, 'tags must be names (1 to 100 characters) with text values (at most 255); got "a": 1'],
    [{ tags: [""] }, "tags must be names"],
    [{ tags: MANY }, "tags has 51 entries; at most 50 are kept"],
    [{ requires: "gpu" }, "requires must be a list of labels"],
    [{ maxAttempts: 0 }, "maxAttempts must be a whole number, 1 or more"],
    [{ backoff: { type: "fixed" } }, "backoff.delayMs is missing"],
    [{ timeoutMs: 0 }, "timeoutMs must be milliseconds from 1"],
    [{ prioriti: 5 }, 'did you mean "priority"?'],
    [{ delay: 5 }, 'did you mean "delayMs"?'],
    ["high", "options must be an object"],
    [null, "options must be an object"],
  ])("is refused as request_invalid: %j", (options, why) => {
    expect(refusal(options)).toMatch(/^request_invalid: enqueue\("mail\.send"\): /);
    expect(refusal(options)).toContain(why);
  });

  it.each(["", "a/b", 7, null])("so is the kind %j", (kind) => expect(refusal({}, kind)).toContain("the kind must"));

  it("is told together with all the others", () => {
    const told = refusal({ queue: "", key: "", priority: "x", delayMs: -1, tags: 1, maxAttempts: 0, prioriti: 1 });
    for (const name of ["queue", "key", "priority", "delayMs", "tags", "maxAttempts", "prioriti"]) {
      expect(told).toContain(name);
    }
  });
});
