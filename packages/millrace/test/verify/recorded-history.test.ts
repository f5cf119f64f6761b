import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkHistory } from "../../src/verify/check/check-history.ts";
import { readHistory } from "../../src/verify/drive/recorded-run.ts";
import { at, attempt, claim, enqueue, historyOf, idOf, lying, settle } from "./told.ts";

const ENTRIES = historyOf([enqueue(1), claim("a", 2, 1, 2), settle("a", 4, 1, 2)]);
const ATTEMPTS = [attempt(1, 0, 50, { ending: "released" })];
const JOB = lying(1, { attempts: ATTEMPTS, finishedAt: at(90), cancelRequestedAt: null });
const CALL = { type: "call", process: "a", call: 0, at: 1 };

describe("the folder of a recorded history", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-history-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, lines: readonly unknown[], end = ""): void =>
    writeFileSync(join(folder, name), lines.map((line) => `${JSON.stringify(line)}\n`).join("") + end);
  const readAll = (): unknown => [...readHistory(folder).entries];

  it("is read as it was written", () => {
    write("history-a.jsonl", ENTRIES);
    write("jobs.jsonl", [JOB]);
    const { entries, jobs, facts } = readHistory(folder);
    expect([...entries]).toEqual(ENTRIES);
    expect(jobs).toEqual([JOB]);
    expect(facts).toBeNull();
    expect(checkHistory(entries, jobs).checked).toEqual(checkHistory(ENTRIES, [JOB]).checked);
  });

  it.each([
    ["anywhere", '{"type":"call","proc'],
    ["right behind an object in it", '{"type":"call","process":"b","call":0,"at":1,"operation":{"name":"prune"}'],
    ["in the middle of a letter", '{"type":"call","process":"\\u00e'],
  ])("may have a last line that is cut %s, since its process was killed", (_, cut) => {
    write("history-a.jsonl", ENTRIES, cut);
    write("jobs.jsonl", [JOB]);
    expect(readAll()).toEqual(ENTRIES);
  });

  it("may lack the end of its last line only", () => {
    write("history-a.jsonl", ENTRIES.slice(0, -1), JSON.stringify(ENTRIES.at(-1)));
    write("jobs.jsonl", [JOB]);
    expect(readAll()).toEqual(ENTRIES);
  });

  it.each<readonly [what: string, lines: readonly unknown[], message: RegExp]>([
    ["no object", [7], /history-a\.jsonl, line 1: "7" is no JSON object/],
    [
      "an unknown type",
      [{ ...CALL, type: "cal" }],
      /line 1: the entry\.type must be one of call, answer, fault, process, stall, and is "cal"/,
    ],
    [
      "an unknown operation",
      [{ ...CALL, operation: { name: "enqueu" } }],
      /line 1: the entry\.operation\.name must be one of enqueue, .*, and is "enqueu"/,
    ],
    [
      "a time that is none",
      [{ ...CALL, at: "now", operation: { name: "prune" } }],
      /the entry\.at must be a number of microseconds, and is "now"/,
    ],
    [
      "a job without a scope",
      [{ ...CALL, operation: { name: "enqueue", jobs: [{ id: idOf(1), scope: "s" }, { id: idOf(2) }] } }],
      /the entry\.operation\.jobs\[1\]\.scope must be a text, and is undefined/,
    ],
    [
      "an answer to nothing",
      [{ ...CALL, type: "answer", answer: { name: "leave" } }],
      /line 1: a has no call 0 before it that waits for an answer/,
    ],
    [
      "an answer to something else",
      [
        { ...CALL, operation: { name: "prune" } },
        { ...CALL, type: "answer", answer: { name: "rescue", count: 0 } },
      ],
      /line 2: the answer to call 0 of a is named rescue, and prune was asked for/,
    ],
    [
      "an answer of another length",
      [
        { ...CALL, operation: { name: "cancel", jobs: [idOf(1), idOf(2)] } },
        { ...CALL, type: "answer", answer: { name: "cancel", statuses: ["cancelled"] } },
      ],
      /line 2: the answer to call 0 of a has 1 items, and 2 were asked for/,
    ],
    [
      "an answer before its call",
      [
        { ...CALL, operation: { name: "prune" } },
        { ...CALL, type: "answer", at: 0, answer: { name: "prune", count: 0 } },
      ],
      /line 2: the answer to call 0 of a is at 0, before the call at 1/,
    ],
    [
      "a call with the number of another",
      [
        { ...CALL, operation: { name: "prune" } },
        { ...CALL, operation: { name: "rescue" } },
      ],
      /line 2: call 0 of a was asked before and not answered/,
    ],
  ])("is refused for %s, and the line named", (_, lines, message) => {
    write("history-a.jsonl", lines);
    write("jobs.jsonl", [JOB]);
    expect(readAll).toThrow(message);
  });

  it("is refused for a job that is none, and the line named", () => {
    write("history-a.jsonl", ENTRIES);
    write("jobs.jsonl", [JOB, { ...JOB, state: "done" }]);
    expect(readAll).toThrow(/jobs\.jsonl, line 2: the job\.state must be one of blocked, .*, and is "done"/);
  });

  it("is refused for an attempt without a time, and the field named", () => {
    write("history-a.jsonl", ENTRIES);
    write("jobs.jsonl", [{ ...JOB, attempts: [{ ...ATTEMPTS[0], endedAt: "soon" }] }]);
    expect(readAll).toThrow(
      /jobs\.jsonl, line 1: the job\.attempts\[0\]\.endedAt must be a time in ISO 8601, and is "soon"/,
    );
  });
});
