import type { BadCommand } from "./bad-command.ts";

const enqueue = (name: string, args: readonly string[], ...says: readonly string[]): BadCommand => ({
  name,
  args: ["enqueue", ...args],
  exitCode: 2,
  says: says.map((part, i) => (i === 0 ? `Error: ${part}` : part)),
});

const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;

/** Kinds, payloads and options that no job can have. None of them leaves a store behind. */
export const ENQUEUE_COMMANDS: readonly BadCommand[] = [
  enqueue("an empty kind", [""], "the kind must have 1 to 200 characters; it has 0"),
  enqueue("a kind with a slash", ["mail/send"], 'the kind must not contain "#", "/"'),
  enqueue("a kind with a line break", ["mail\nsend"], "the kind must not contain", String.raw`"mail\nsend"`),
  enqueue("a kind too long", ["k".repeat(201)], "the kind must have 1 to 200 characters; it has 201"),

  enqueue(
    "a name without quotes",
    ["k", "{a: 1}"],
    'the payload is not JSON at line 1, column 2: found "a", expected a name in double quotes',
    "Suggestion: JSON wants double quotes",
  ),
  enqueue(
    "a name in single quotes",
    ["k", "{'a': 1}"],
    "the payload is not JSON at line 1, column 2",
    "Suggestion: JSON wants double quotes",
  ),
  enqueue("a comma too many", ["k", '{"a": 1,}'], 'the payload is not JSON at line 1, column 9: found "}"'),
  enqueue(
    "a list that does not end",
    ["k", "[1, 2"],
    'the payload is not JSON at line 1, column 6: found the end of the text, expected "," or "]"',
  ),
  enqueue(
    "a text that does not end",
    ["k", '{"a": "b}'],
    "the payload is not JSON at line 1, column 10",
    "closing double quote",
  ),
  enqueue(
    "a bare word",
    ["k", "hello"],
    'the payload is not JSON at line 1, column 1: found "h", expected a value',
    `Suggestion: a text is written in both quotes: '"hello"'`,
  ),
  enqueue(
    "an empty payload",
    ["k", ""],
    "the payload is not JSON at line 1, column 1: found the end of the text",
    "Suggestion: leave it out",
  ),
  enqueue("not a number", ["k", '{"a": NaN}'], "the payload is not JSON at line 1, column 7"),
  enqueue(
    "a number with a leading zero",
    ["k", '{"a": 01}'],
    "the payload is not JSON at line 1, column 8",
    "without leading zeros",
  ),
  enqueue("two values", ["k", "1 2"], "the payload is not JSON at line 1, column 3", "expected nothing more"),
  enqueue("a payload nested too deeply", ["k", "@deep.json"], "the payload"),
  {
    ...enqueue(
      "a mistake on line 3 of a file",
      ["k", "@job.json"],
      'job.json is not JSON at line 3, column 3: found "}"',
    ),
    files: { "job.json": '{\n  "a": 1,\n  }\n' },
  },
  enqueue(
    "a file that is not there",
    ["k", "@missing.json"],
    "the payload cannot be read from missing.json: there is no such file",
  ),
  enqueue("a folder for a file", ["k", "@."], "the payload cannot be read from .: it is a folder"),
  enqueue("a file without a name", ["k", "@"], 'the payload "@" names no file'),
  {
    ...enqueue("a file that is not UTF-8", ["k", "@latin1.json"], "the payload in latin1.json is not UTF-8 text"),
    files: { "latin1.json": Buffer.from([0x22, 0xe9, 0x22]) },
  },
  {
    ...enqueue(
      "a payload of two megabytes",
      ["k", "@large.json"],
      "the payload is 2000002 bytes of JSON; at most 1048576 are kept",
    ),
    files: { "large.json": `"${"x".repeat(2_000_000)}"` },
  },
  enqueue("a payload without end", ["k", "@/dev/zero"], "the payload in /dev/zero is larger than"),
  {
    ...enqueue("wrong standard input", ["k", "-"], "standard input is not JSON at line 1, column 1"),
    input: "nonsense",
  },
  enqueue(
    "empty standard input",
    ["k", "-"],
    "standard input is not JSON at line 1, column 1: found the end of the text",
  ),

  enqueue(
    "a duration with a wrong unit",
    ["k", "--in", "5x"],
    '--in: "5x" is not a duration; expected a number and a unit',
    "Valid options: 500ms, 90s, 5m, 2h, 1d",
  ),
  enqueue(
    "a duration without a unit",
    ["k", "--in", "5"],
    '--in: "5" is not a duration',
    "Suggestion: 5s for seconds, 5m for minutes",
  ),
  enqueue("an empty duration", ["k", "--in", ""], '--in: "" is not a duration'),
  enqueue("a negative duration", ["k", "--in", "-5m"], '--in: "-5m" is not a duration'),
  enqueue("a duration in words", ["k", "--in", "5 minutes"], '--in: "5 minutes" is not a duration'),
  enqueue("a delay of many lives", ["k", "--in", "999999999d"], '--in: "999999999d" is too long'),
  enqueue(
    "a time in words",
    ["k", "--at", "tomorrow"],
    '--at: "tomorrow" is not a date and time',
    "Valid options: 2030-01-31T08:00:00Z",
  ),
  enqueue(
    "a day that does not exist",
    ["k", "--at", "2030-02-30T08:00:00Z"],
    '--at: "2030-02-30T08:00:00Z" is not a date and time',
  ),
  enqueue("an hour that does not exist", ["k", "--at", "2030-01-01T25:00Z"], '--at: "2030-01-01T25:00Z" is not a date'),
  enqueue("a month that does not exist", ["k", "--at", "2030-13-01"], '--at: "2030-13-01" is not a date'),
  enqueue(
    "a delay and a time",
    ["k", "--in", "5m", "--at", "2030-01-01T00:00Z"],
    'option "--in <duration>" cannot be used with option "--at <time>"',
  ),
  enqueue(
    "a priority in a wrong word",
    ["k", "--priority", "urgent"],
    '--priority: "urgent" is no priority',
    "high, medium, low",
  ),
  enqueue("half a priority", ["k", "--priority", "1.5"], '--priority: "1.5" is no priority'),
  enqueue("no attempts", ["k", "--max-attempts", "0"], "--max-attempts must be a whole number, 1 or more; got 0"),
  enqueue(
    "a negative number of attempts",
    ["k", "--max-attempts", "-1"],
    "--max-attempts must be a whole number, 1 or more; got -1",
  ),
  enqueue(
    "a number of attempts in words",
    ["k", "--max-attempts", "three"],
    '--max-attempts must be a whole number, 1 or more; got "three"',
  ),
  enqueue("an empty queue", ["k", "--queue", ""], "--queue must have 1 to 200 characters"),
  enqueue("a queue with a hash", ["k", "--queue", "mail#1"], '--queue must not contain "#"'),
  enqueue("a scope with a slash", ["k", "--scope", "a/b"], '--scope must not contain "#", "/"'),
  enqueue("an empty group", ["k", "--group", ""], "--group must have 1 to 200 characters"),
  enqueue("an empty key", ["k", "--key", ""], "--key must have 1 to 255 characters"),
  enqueue("an empty fairness key", ["k", "--fair-key", ""], "--fair-key must have 1 to 200 characters"),
  enqueue("an empty requirement", ["k", "--requires", "gpu,,cpu"], '--requires holds "", which is no label'),
  enqueue("a tag without a name", ["k", "--tag", "=blue"], '--tag: "=blue" has no name'),
  enqueue("a tag given twice", ["k", "--tag", "a=1", "--tag", "a=2"], '--tag: "a" is given twice'),
  enqueue("no time at all", ["k", "--timeout", "0s"], '--timeout: "0s" is too short; at least 1ms'),
  enqueue("a time limit of years", ["k", "--timeout", "1000d"], '--timeout: "1000d" is too long; at most 24d'),
  enqueue("no backoff at all", ["k", "--backoff", "soon"], '--backoff: "soon" is no policy', "Valid options: fixed:5s"),
  enqueue(
    "a backoff that shrinks",
    ["k", "--backoff", "exponential:1s,factor=0.5"],
    "--backoff.factor must be from 1 to 100; got 0.5",
  ),
  enqueue(
    "a backoff with an unknown part",
    ["k", "--backoff", "exponential:1s,speed=2"],
    '--backoff: "speed" is no part of a policy',
    "Valid options: factor, max, jitter",
  ),
  enqueue("a limit to no wait", ["k", "--wait-timeout", "5s"], "--wait-timeout needs --wait"),
].map((row) => (row.args.includes("@deep.json") ? { ...row, files: { "deep.json": deep } } : row));
