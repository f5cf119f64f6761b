import type { BadCommand } from "./bad-command.ts";

const HEADER = '{"millrace":"export","version":1,"at":2000}';
const QUEUE = '{"type":"queue","org":"default","name":"mail","settings":{}}';
const COUNTER = '{"type":"counter","org":"default","scope":"mail","last":1,"hasHoles":false}';
const FACTS = {
  type: "job",
  id: "job_01jd0000000000000000000000",
  org: "default",
  queue: "mail",
  scope: "mail",
  number: 1,
  kind: "mail.send",
  priority: 0,
  maxAttempts: 3,
  runAt: 1_000,
  createdAt: 1_000,
  tags: {},
  requires: [],
  payload: null,
  ticket: { place: "ready", runAt: 1_000, attempt: 0, token: 0 },
};
const JOB = JSON.stringify(FACTS);

function end(change: Readonly<Record<string, number>> = {}): string {
  return JSON.stringify({
    type: "end",
    counts: { queue: 1, counter: 1, schedule: 0, job: 1, attempt: 0, log: 0, ...change },
  });
}

/** A file with these lines behind the first three, and how it is refused once the store has been made. */
function refusedLines(name: string, lines: readonly string[], says: readonly string[], exitCode = 2): BadCommand {
  const text = [HEADER, QUEUE, COUNTER, ...lines].join("\n");
  return { name, args: ["import", "x.jsonl"], files: { "x.jsonl": text }, exitCode, says, makesStore: true };
}

function refusedJob(name: string, change: object, ...says: readonly string[]): BadCommand {
  return refusedLines(name, [JSON.stringify({ ...FACTS, ...change }), end()], ["Error: line 4 of x.jsonl: ", ...says]);
}

/** A file that is refused by its first line, before any store is made. */
function refusedFile(name: string, text: string | Buffer, ...says: readonly string[]): BadCommand {
  return { name, args: ["import", "x.jsonl"], files: { "x.jsonl": text }, exitCode: 2, says };
}

/** Exports that are none, stores that are not fit, and calls that make no sense. */
export const TRANSFER_COMMANDS: readonly BadCommand[] = [
  {
    name: "a file that is not there",
    args: ["import", "x.jsonl"],
    exitCode: 2,
    says: ["Error: the export cannot be read from x.jsonl: there is no such file"],
  },
  { name: "nothing on standard input", args: ["import"], exitCode: 2, says: ["Error: standard input is empty"] },
  refusedFile("an empty file", "\n\n", "Error: x.jsonl is empty"),
  refusedFile("another file", "# Notes\n", "line 1 of x.jsonl: it does not begin an export of Millrace"),
  refusedFile("JSON that is no export", '{"jobs":[]}\n', "it does not begin an export of Millrace"),
  refusedFile("an export without its first line", `${QUEUE}\n${end()}`, "it does not begin an export of Millrace"),
  refusedFile(
    "an export of a later version",
    HEADER.replace('"version":1', '"version":3'),
    "line 1 of x.jsonl: the export is of version 3, and this Millrace reads versions up to 2; use the Millrace that made it",
  ),
  refusedFile("an export of no time", HEADER.replace("2000", '"now"'), '"at" must be an instant'),
  refusedFile("a text of another encoding", Buffer.from([0x7b, 0xff, 0x0a]), "line 1 of x.jsonl is not UTF-8 text"),
  refusedFile(
    "a store for an export",
    Buffer.from("SQLite format 3\0\u0010\0\u0002\u0002\0\xff\xff\n", "latin1"),
    "Suggestion: it is a store itself: millrace move --from sqlite:x.jsonl --to URL",
  ),
  {
    name: "two files",
    args: ["import", "sparkq", "x.jsonl"],
    exitCode: 2,
    says: ["Error: too many arguments"],
  },
  refusedLines("a file that was cut between two lines", [JOB], ["x.jsonl was cut: its last line is missing"]),
  refusedLines(
    "a file that was cut within a line",
    [JOB.slice(0, 60)],
    ["line 4 of x.jsonl: it is not JSON at column 61: found the end", "was the file cut"],
  ),
  refusedLines("a line that is no object", ["[1]"], ["line 4 of x.jsonl: each line of an export is an object"]),
  refusedLines("a record of no type", ["{}"], ['"type" is missing; expected one of queue, counter']),
  refusedLines("a mistyped type", ['{"type":"jbo"}'], ['"type" is "jbo"', 'did you mean "job"?']),
  refusedLines("the end twice", [JOB, end(), "", end()], ["line 7 of x.jsonl: it stands behind the end"]),
  refusedLines("fewer jobs than the end says", [end()], ["x.jsonl is not what its last line says: 1 against 0 jobs"]),
  refusedLines("an end without counts", ['{"type":"end"}'], ['"counts" must say how many records there are']),
  refusedLines(
    "an end with half of the digests",
    [JOB, end().replace("}}", '},"digests":{"job":"x"}}')],
    ['"digests" must have a SHA-256'],
  ),
  refusedLines(
    "a file that was edited",
    [
      JOB,
      end().replace(
        "}}",
        `},"digests":${JSON.stringify(Object.fromEntries(["queue", "counter", "schedule", "job", "attempt", "log"].map((type) => [type, "0".repeat(64)])))}}`,
      ),
    ],
    ["x.jsonl is not what its last line says: ", "jobs of other content", 'has no "digests" there'],
  ),
  refusedJob("a mistyped field", { nmber: 1 }, 'the job has a "nmber" that is not known; did you mean "number"?'),
  refusedJob("a job without an id", { id: undefined }, 'the job: "id" is missing'),
  refusedJob("an id of another system", { id: "42" }, '"id" must be the id of a job', 'got "42"'),
  refusedJob("a number in words", { number: "one" }, '"number" must be a whole number, 1 or more; got "one"'),
  refusedJob("number zero", { number: 0 }, '"number" must be a whole number, 1 or more; got 0'),
  refusedJob("a time in words", { createdAt: "yesterday" }, '"createdAt" must be an instant in whole milliseconds'),
  refusedJob("several wrong things at once", { kind: "", tags: [] }, '"kind" must have', '"tags" must be an object'),
  refusedJob("a job without a ticket", { ticket: null }, '"ticket" is missing'),
  refusedJob(
    "a job that is nowhere",
    { ticket: { ...FACTS.ticket, place: "running" } },
    '"place" must be one of ready, scheduled, blocked, done; got "running"',
  ),
  refusedJob(
    "a token that fell behind",
    { ticket: { ...FACTS.ticket, attempt: 2, token: 1 } },
    '"token" 1 is less than "attempt" 2',
  ),
  refusedJob("a job that is due before it was made", { runAt: 999 }, '"runAt" 999 lies before "createdAt" 1000'),
  refusedJob(
    "a job that waits and has no attempt left",
    { ticket: { ...FACTS.ticket, attempt: 3, token: 3 } },
    'it waits after 3 attempts, and "maxAttempts" allows 3',
  ),
  refusedJob(
    "a completed job without a result",
    {
      ticket: {
        place: "done",
        state: "completed",
        attempt: 1,
        token: 1,
        endedBy: "worker",
        startedAt: 1_000,
        finishedAt: 1_001,
      },
    },
    'it is completed, and has no "result"',
  ),
  refusedJob(
    "a queue that did not come before",
    { queue: "nail" },
    'it names the queue "nail", and no queue of that name',
  ),
  refusedJob("a scope that did not come before", { scope: "nail" }, 'it names the scope "nail", and no counter'),
  refusedLines(
    "a job twice",
    [JOB, JOB, end({ job: 2 })],
    ["line 5 of x.jsonl: the job job_01jd0000000000000000000000 cannot be kept: a job of this id came before it"],
  ),
  refusedLines(
    "numbers with a gap",
    [JOB.replace('"number":1', '"number":2'), end()],
    ["Error: the data breaks a guarantee, so nothing was kept: G4: "],
    70,
  ),
  {
    name: "an import into a store that is used",
    args: ["import", "x.jsonl"],
    files: { "x.jsonl": [HEADER, end()].join("\n") },
    exitCode: 5,
    says: ["is not empty, and an import fills an empty store; it holds 3 jobs, 1 queue, 1 counter"],
    hasStore: true,
  },
  {
    name: "an export of a store that is not there",
    args: ["export", "x.jsonl"],
    exitCode: 7,
    says: ["Error: there is no store sqlite:./millrace.db yet"],
  },
  {
    name: "an export to a file that is there",
    args: ["export", "x.jsonl"],
    files: { "x.jsonl": "mine" },
    exitCode: 5,
    says: ["Error: x.jsonl is there already", "--overwrite"],
    hasStore: true,
  },
  {
    name: "an export into a folder that is not there",
    args: ["export", "no/x.jsonl"],
    exitCode: 2,
    says: ["Error: no/x.jsonl cannot be written: there is no such folder"],
    hasStore: true,
  },
  {
    name: "an export of a store in memory",
    args: ["export", "--store", "memory:"],
    exitCode: 2,
    says: ["a store in memory ends with this command"],
  },
  {
    name: "a move from nowhere",
    args: ["move", "--to", "sqlite:new.db"],
    exitCode: 2,
    says: ['Error: required option "--from <url>" not specified'],
  },
  {
    name: "a move to what is no store",
    args: ["move", "--from", "sqlite:millrace.db", "--to", "new.db"],
    exitCode: 2,
    says: ['Error: "new.db" names no store', "Suggestion: sqlite:new.db"],
    hasStore: true,
  },
  {
    name: "a move from a store to itself",
    args: ["move", "--from", "sqlite:millrace.db", "--to", "sqlite:millrace.db"],
    exitCode: 2,
    says: ["Error: --from and --to name the same store"],
    hasStore: true,
  },
  {
    name: "a move to the same store by another name",
    args: ["move", "--from", "sqlite:millrace.db", "--to", "sqlite:./millrace.db"],
    exitCode: 5,
    says: ["is not empty, and an import fills an empty store; it holds 3 jobs"],
    hasStore: true,
  },
  {
    name: "a move of a third store",
    args: ["move", "--from", "sqlite:millrace.db", "--to", "sqlite:new.db", "--store", "sqlite:third.db"],
    exitCode: 2,
    says: ["move takes two stores, by --from and --to, and no --store"],
    hasStore: true,
  },
];
