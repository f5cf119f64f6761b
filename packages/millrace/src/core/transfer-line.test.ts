import { describe, expect, test } from "vitest";
import type { JobId } from "./job.ts";
import { endLine, headerLine, parseHeader, parseRecord, recordLine } from "./transfer-line.ts";
import type { DoneTicket, JobRecord, TransferRecord } from "./transfer.ts";

const ID: JobId = "job_01jd0000000000000000000000";
const error = { name: "Error", message: "it broke", permanent: false, attempt: 1 };

const done: DoneTicket = {
  place: "done",
  state: "completed",
  attempt: 2,
  token: 3,
  endedBy: "worker",
  worker: "worker_1",
  startedAt: 1_500,
  attemptStartedAt: 1_600,
  finishedAt: 1_700,
  result: '{"ok":true}',
  error: null,
  cancelRequestedAt: null,
  cancelledBy: null,
  cancelReason: null,
  percent: 12.5,
  message: "",
};

const job: JobRecord = {
  type: "job",
  id: ID,
  org: "acme",
  queue: "mail",
  scope: "mail",
  number: 7,
  kind: "mail.send",
  priority: -3,
  maxAttempts: 5,
  timeoutMs: 1_000,
  backoff: { type: "fixed", delayMs: 10 },
  runAt: 1_000,
  createdAt: 1_000,
  createdBy: "ada",
  key: "k",
  group: "g",
  tags: { customer: "7", urgent: "" },
  requires: ["gpu"],
  fairKey: "f",
  retryOf: ID,
  payload: '{"10":"a","b":[1,null]}',
  ticket: done,
};

const waiting: JobRecord = {
  ...job,
  number: null,
  timeoutMs: null,
  backoff: null,
  createdBy: null,
  key: null,
  group: null,
  tags: {},
  requires: [],
  fairKey: null,
  retryOf: null,
  payload: "null",
  ticket: { place: "scheduled", runAt: 2_000, attempt: 0, token: 0, startedAt: null },
};

const request = { org: "acme", queue: "mail", kind: "k", payload: "1", priority: 0, tags: {}, requires: [] };
const records: readonly TransferRecord[] = [
  { type: "queue", org: "acme", name: "mail", pausedAt: 5, settings: { retention: { completedMs: null } } },
  { type: "queue", org: "acme", name: "news", pausedAt: null, settings: {} },
  { type: "counter", org: "acme", scope: "mail", last: 7, hasHoles: true },
  { type: "schedule", org: "acme", name: "n", cron: "* * * * *", timeZone: "UTC", nextAt: 9, lastAt: null, request },
  job,
  waiting,
  { ...job, ticket: { ...done, result: "null" } },
  { ...job, ticket: { ...done, state: "failed", result: null, error } },
  { ...job, ticket: { ...done, state: "cancelled", startedAt: null, attemptStartedAt: null, result: null } },
  { type: "attempt", job: ID, token: 1, attempt: 1, ending: "lost", worker: "w", startedAt: 1, endedAt: 2, error },
  { type: "log", job: ID, sequence: 1, at: 3, stream: "stderr", attempt: 1, text: "\u0000 ü \u2028" },
];

describe("a line of an export", () => {
  test.each(records.map((record) => ({ record, name: recordLine(record).slice(0, 60) })))(
    "$name… brings its record back, and the same line again",
    ({ record }) => {
      const line = recordLine(record);
      expect(line).not.toContain("\n");
      const read = parseRecord(JSON.parse(line)) as TransferRecord;
      expect(read).toEqual(record);
      const shuffled = Object.fromEntries(Object.entries(read).toReversed()) as unknown as TransferRecord;
      expect(recordLine(shuffled), "names come in one order").toBe(line);
    },
  );

  test("leaves out what is null, and nothing else", () => {
    expect(recordLine(waiting)).not.toContain("key");
    expect(recordLine(waiting)).toContain('"payload":null');
    expect(recordLine({ ...job, ticket: { ...done, result: "null" } })).toContain('"result":null');
    expect(recordLine(records[0] as TransferRecord)).toContain('"completedMs":null');
  });

  test.each([
    ["with spaces", '{ "a": 1 }'],
    ["with a number that JavaScript has not", "12345678901234567890"],
    ["with a name twice", '{"a":1,"a":2}'],
    ["nested deeper than it could be written", `${"[".repeat(20_000)}${"]".repeat(20_000)}`],
  ])("brings JSON %s back as the same text", (_, payload) => {
    const line = recordLine({ ...job, payload, ticket: { ...done, result: payload } });
    expect(line).toContain('"payloadText":');
    expect(parseRecord(JSON.parse(line))).toMatchObject({ payload, ticket: { result: payload } });
  });

  test("is refused with a payload and a text of it", () => {
    const line = recordLine(waiting).replace('"payload":null', '"payload":null,"payloadText":"1"');
    expect(() => parseRecord(JSON.parse(line))).toThrow(/"payloadText" that is not known/);
  });
});

describe("the first and the last line", () => {
  const counts = { queue: 1, counter: 2, schedule: 3, job: 4, attempt: 5, log: 6 };
  const digest = "0123456789abcdef".repeat(4);
  const digests = { queue: digest, counter: digest, schedule: digest, job: digest, attempt: digest, log: digest };

  test.each([
    { at: 5, counts },
    { at: 5, counts: null },
  ])("the first comes back: %o", (header) => {
    expect(parseHeader(JSON.parse(headerLine(header)))).toEqual(header);
  });

  test.each([
    { counts, digests },
    { counts, digests: null },
  ])("the last comes back: %o", (end) => {
    expect(parseRecord(JSON.parse(endLine(end)))).toEqual({ type: "end", end });
  });
});
