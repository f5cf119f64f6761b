import { defineJob, type EnqueueOptions } from "millrace";
import { wrong, type BadCall } from "./bad-call.ts";

function enqueue(name: string, options: unknown, says: string): BadCall {
  return {
    name,
    call: async (mill) => mill.enqueue("k", null, options as EnqueueOptions),
    code: "request_invalid",
    says,
  };
}

function payload(name: string, value: unknown, says: string, code = "request_invalid"): BadCall {
  return { name, call: async (mill) => mill.enqueue("k", value), code, says };
}

const circle: { self?: unknown } = {};
circle.self = circle;

const refusing = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: () => ({ issues: [{ message: "is missing", path: ["to"] }] }),
  },
} as const;

/** Jobs that cannot be. */
export const ENQUEUE_CALLS: readonly BadCall[] = [
  {
    name: "an empty kind",
    call: async (mill) => mill.enqueue("", null),
    code: "request_invalid",
    says: "the kind must have 1 to 200 characters",
  },
  {
    name: "a kind that is a number",
    call: async (mill) => mill.enqueue(wrong(7), null),
    code: "request_invalid",
    says: "the kind must be a name; got 7",
  },
  {
    name: "no kind",
    call: async (mill) => mill.enqueue(wrong(undefined), null),
    code: "request_invalid",
    says: "the kind must be a name; got undefined",
  },
  {
    name: "a definition that is a list",
    call: async (mill) => mill.enqueue(wrong([]), null),
    code: "request_invalid",
    says: "the kind must be a name",
  },
  payload("a function in the payload", { f: () => 1 }, 'the payload has no JSON form: "f" is a function'),
  payload("a payload that is a function", () => 1, "the payload has no JSON form"),
  payload("a circle in the payload", circle, "the payload has no JSON form"),
  payload("a bigint in the payload", { n: 1n }, 'the payload has no JSON form: "n" is a bigint'),
  payload("a payload that is not a number", Number.NaN, "the payload has no JSON form: the value is NaN"),
  payload(
    "a payload of two megabytes",
    "x".repeat(2_000_000),
    "the payload is 2000002 bytes of JSON",
    "payload_too_large",
  ),
  {
    name: "a payload that its schema refuses",
    call: async (mill) => mill.enqueue(defineJob("k", { input: refusing }), {}),
    code: "payload_invalid",
    says: 'the payload of "k" is wrong: to: is missing',
  },

  enqueue("options that are a text", "soon", "options must be an object"),
  enqueue("options that are null", null, "options must be an object"),
  enqueue("an option in a wrong unit", { delay: 5 }, '"delay" is not an option; did you mean "delayMs"?'),
  enqueue("an option in wrong letters", { maxattempts: 5 }, 'did you mean "maxAttempts"?'),
  enqueue("a negative delay", { delayMs: -1 }, "delayMs must be milliseconds from 0"),
  enqueue(
    "a delay that is a text",
    { delayMs: "5m" },
    'delayMs must be milliseconds from 0 to 4503599627370495.5; got "5m"',
  ),
  enqueue("a delay that is no number", { delayMs: Number.NaN }, "delayMs must be milliseconds"),
  enqueue("a time that is a text", { runAt: "tomorrow" }, 'runAt must be a valid Date; got "tomorrow"'),
  enqueue("a time that is none", { runAt: new Date("nonsense") }, "runAt must be a valid Date"),
  enqueue("a delay and a time", { delayMs: 1, runAt: new Date() }, "give delayMs or runAt, not both"),
  enqueue("half a priority", { priority: 0.5 }, "priority must be a whole number; got 0.5"),
  enqueue(
    "a priority in a wrong word",
    { priority: "urgent" },
    'priority must be a whole number, "high", "medium" or "low"; got "urgent"',
  ),
  enqueue("no attempts", { maxAttempts: 0 }, "maxAttempts must be a whole number, 1 or more; got 0"),
  enqueue("an empty queue", { queue: "" }, "queue must have 1 to 200 characters"),
  enqueue("a scope with a hash", { scope: "a#1" }, 'scope must not contain "#"'),
  enqueue("a key that is a number", { key: 7 }, "key must be text of 1 to 255 characters; got 7"),
  enqueue("tags that are a text", { tags: "blue" }, "tags must be names with values"),
  enqueue("a tag that is a number", { tags: { size: 3 } }, 'got "size": 3'),
  enqueue(
    "too many tags",
    { tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, ""])) },
    "tags has 51 entries; at most 50 are kept",
  ),
  enqueue("a label that is empty", { requires: [""] }, 'requires holds "", which is no label'),
  enqueue("labels that are a text", { requires: "gpu" }, 'requires must be a list of labels; got "gpu"'),
  enqueue("no time at all", { timeoutMs: 0 }, "timeoutMs must be milliseconds from 1"),
  enqueue("an unknown backoff", { backoff: { type: "linear", delayMs: 1 } }, 'type "linear"'),
  enqueue("a backoff without a delay", { backoff: { type: "fixed" } }, "backoff.delayMs is missing"),
  enqueue(
    "two wrong options at once",
    { priority: 0.5, queue: "" },
    "queue must have 1 to 200 characters; it has 0; enqueue",
  ),
  {
    name: "a transaction that is none",
    call: async (mill) => mill.enqueue("k", null, { tx: {} }),
    code: "options_invalid",
    says: "tx must be a better-sqlite3 Database",
  },
];
