import { describe, expect, test } from "vitest";
import type { JobId } from "./job.ts";
import { endLine, headerLine, parseHeader, parseRecord, recordLine, type TransferEnd } from "./transfer-line.ts";
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
  companion: null,
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
  {
    type: "apiKey",
    id: "key_1",
    org: "acme",
    name: "ci",
    role: "member",
    digest: "ab".repeat(32),
    createdBy: "ada",
    createdAt: 5,
    revokedAt: null,
  },
  {
    type: "webhook",
    id: "hook_1",
    org: "acme",
    url: "https://example.test",
    events: ["completed"],
    sealed: "c2VhbGVk",
    createdBy: null,
    createdAt: 5,
  },
  job,
  waiting,
  { ...waiting, companion: { sealed: "c2VhbGVk", trace: null } },
  { ...waiting, companion: { sealed: null, trace: "00-1-2-01" } },
  { ...job, ticket: { ...done, result: "null" } },
  { ...job, ticket: { ...done, state: "failed", result: null, error } },
  { ...job, ticket: { ...done, state: "cancelled", startedAt: null, attemptStartedAt: null, result: null } },
  { type: "attempt", job: ID, token: 1, attempt: 1, ending: "lost", worker: "w", startedAt: 1, endedAt: 2, error },
  { type: "log", job: ID, sequence: 1, at: 3, stream: "stderr", attempt: 1, text: "\u0000 ü \u2028" },
  {
    type: "artifact",
    job: ID,
    name: "out.mp4",
    size: 9_007_199_254_740_991,
    sha256: "0f".repeat(32),
    contentType: "video/mp4",
    createdBy: null,
    createdAt: 5,
    place: "ab/cd",
  },
  { type: "lateReport", job: ID, token: 2, at: 3, by: "hand_ada_1", report: '{"summary":"done"}' },
];

describe("a line of an export", () => {
  test.each(records.map((record) => ({ record, name: recordLine(record).slice(0, 60) })))(
    "$name… brings its record back, and the same line again",
    ({ record }) => {
      const line = recordLine(record);
      expect(line).not.toContain("\n");
      const read = parseRecord(JSON.parse(line), 2) as TransferRecord;
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
    expect(parseRecord(JSON.parse(line), 2)).toMatchObject({ payload, ticket: { result: payload } });
  });

  test("is refused with a payload and a text of it", () => {
    const line = recordLine(waiting).replace('"payload":null', '"payload":null,"payloadText":"1"');
    expect(() => parseRecord(JSON.parse(line), 2)).toThrow(/"payloadText" that is not known/);
  });

  test("is refused with a companion of a job that has ended", () => {
    const line = recordLine({ ...job, companion: { sealed: "s", trace: null } });
    expect(() => parseRecord(JSON.parse(line), 2)).toThrow(/it has ended, and has a "companion"/);
  });
});

describe("the first and the last line", () => {
  const older = { queue: 1, counter: 2, schedule: 3, job: 4, attempt: 5, log: 6 };
  const counts = { ...older, apiKey: 7, webhook: 8, artifact: 9, lateReport: 10 };
  const digestsOf = (types: object): TransferEnd["digests"] =>
    Object.fromEntries(Object.keys(types).map((type) => [type, "0123456789abcdef".repeat(4)]));
  const digests = digestsOf(counts);

  test.each([
    { at: 5, counts },
    { at: 5, counts: null },
  ])("the first comes back: %o", (header) => {
    expect(parseHeader(JSON.parse(headerLine(header)))).toEqual({ ...header, version: 2 });
  });

  test.each([
    { counts, digests },
    { counts, digests: null },
  ])("the last comes back: %o", (end) => {
    expect(parseRecord(JSON.parse(endLine(end)), 2)).toEqual({ type: "end", end });
  });

  test("an older version has neither the records nor the counts that came later", () => {
    const header = { millrace: "export", version: 1, at: 5, counts: older };
    const whole = { ...older, apiKey: 0, webhook: 0, artifact: 0, lateReport: 0 };
    expect(parseHeader(header)).toEqual({ version: 1, at: 5, counts: whole });
    const end = { type: "end", counts: older, digests: digestsOf(older) };
    expect(parseRecord(end, 1)).toEqual({ type: "end", end: { counts: whole, digests: digestsOf(older) } });
    expect(() => parseRecord(end, 2)).toThrow(/"digests" must have a SHA-256 for each of .+artifact/);
    expect(() => parseRecord({ type: "apiKey" }, 1)).toThrow(/"apiKey", which is no type of record/);
    expect(parseRecord(JSON.parse(recordLine(waiting)), 1)).toEqual(waiting);
  });
});
