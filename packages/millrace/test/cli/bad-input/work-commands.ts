import type { BadCommand } from "./bad-command.ts";

/** A worker with a handlers file, which is `handlers.mjs` with this text. */
const handlers = (name: string, text: string, ...says: readonly string[]): BadCommand => ({
  name,
  args: ["work", "--handlers", "handlers.mjs", "--drain"],
  files: { "handlers.mjs": text },
  exitCode: 2,
  says,
});

const script = "#!/bin/sh\n# inputs: source (required)\necho hello\n";

/** Workers that cannot work, and scripts that cannot run. */
export const WORK_COMMANDS: readonly BadCommand[] = [
  {
    name: "nothing to run",
    args: ["work"],
    exitCode: 2,
    says: ["Error: a worker needs something to run", "Valid options: --handlers FILE, --scripts FOLDER"],
  },
  {
    name: "a handlers file that is not there",
    args: ["work", "--handlers", "missing.mjs"],
    exitCode: 2,
    says: ["the handlers file missing.mjs cannot be read: there is no such file"],
  },
  {
    name: "a folder of handlers",
    args: ["work", "--handlers", "."],
    exitCode: 2,
    says: ["the handlers file . is no file"],
  },
  handlers(
    "a handlers file that throws",
    'const a = 1;\nthrow new Error("no database configured");',
    "Error: the handlers file handlers.mjs cannot be loaded: Error: no database configured (handlers.mjs:2)",
  ),
  handlers("a handlers file that throws no error", "throw 42;", "the handlers file handlers.mjs cannot be loaded: 42"),
  handlers(
    "a handlers file with a mistake",
    "export default {\n  a: async () => {,\n};",
    "the handlers file handlers.mjs cannot be loaded: SyntaxError",
    "(handlers.mjs:2)",
  ),
  {
    ...handlers(
      "a file of a handlers file that throws",
      'import "./lib/config.mjs";\nexport default { a: () => 1 };',
      "cannot be loaded: RangeError: no port (lib/config.mjs:3)",
    ),
    files: {
      "handlers.mjs": 'import "./lib/config.mjs";\nexport default { a: () => 1 };',
      "lib/config.mjs": '\n\nthrow new RangeError("no port");',
    },
  },
  {
    ...handlers("a handlers file in TypeScript with a mistake", ""),
    args: ["work", "--handlers", "handlers.ts"],
    files: { "handlers.ts": "enum A { b }\nexport default { a: () => 1 };" },
    says: ["enum is not supported in strip-only mode (handlers.ts:1)"],
  },
  handlers(
    "a handlers file that imports what is not there",
    'import "left-padding";',
    "the handlers file handlers.mjs cannot be loaded",
    "left-padding",
  ),
  handlers(
    "a handlers file that exports nothing",
    "const handlers = {};",
    "the handlers file handlers.mjs has no default export: it exports nothing",
    "Valid options: export default {",
  ),
  handlers(
    "a handlers file without a default export",
    "export const mail = () => 1;",
    "has no default export: it exports mail and no default",
  ),
  handlers(
    "handlers that are a number",
    "export default 42;",
    "the default export of handlers.mjs is 42, which holds no handlers",
  ),
  handlers(
    "no handlers at all",
    "export default {};",
    "the default export of handlers.mjs holds no handlers: it is empty",
  ),
  handlers(
    "a handler that is a text",
    'export default { "mail.send": "later" };',
    'the handler of "mail.send" in handlers.mjs is no function; it is "later"',
  ),
  handlers(
    "a handler for a kind that cannot be",
    'export default { "a/b": () => 1 };',
    "the default export of handlers.mjs is wrong: a kind must not contain",
  ),
  handlers(
    "a list that holds no pairs",
    "export default [() => 1];",
    "the default export of handlers.mjs is wrong: an entry is",
  ),
  {
    ...handlers(
      "a function that throws",
      'export default () => {\n  throw new TypeError("no worker today");\n};',
      "the function that handlers.mjs exports has failed: TypeError: no worker today (handlers.mjs:2)",
    ),
    makesStore: true,
  },
  {
    ...handlers(
      "a function that registers nothing",
      "export default () => {};",
      "the function that handlers.mjs exports has registered no handler",
    ),
    makesStore: true,
  },
  {
    ...handlers(
      "a kind that is registered twice",
      'export default (worker) => {\n  worker.handle("a", () => 1).handle("a", () => 2);\n};',
      "this worker has a handler for it already",
    ),
    makesStore: true,
  },
  {
    name: "no concurrency",
    args: ["work", "--scripts", ".", "--concurrency", "0"],
    exitCode: 2,
    says: ["--concurrency must be a whole number, 1 or more; got 0"],
  },
  {
    name: "an empty queue",
    args: ["work", "--scripts", ".", "--queues", "a,"],
    exitCode: 2,
    says: ["--queues: the name of a queue must have 1 to 200 characters"],
  },
  {
    name: "a queue given twice",
    args: ["work", "--scripts", ".", "--queues", "a,b,a"],
    exitCode: 2,
    says: ['--queues: "a" is given twice'],
  },
  {
    name: "a queue with a weight beside one without",
    args: ["work", "--scripts", ".", "--queues", "a=2,b"],
    exitCode: 2,
    says: ["--queues: some queues have a weight and some have none", "Valid options: a,b"],
  },
  {
    name: "a weight of zero",
    args: ["work", "--scripts", ".", "--queues", "a=0"],
    exitCode: 2,
    says: ['--queues: the weight of "a" must be a whole number, 1 or more; got 0'],
  },
  {
    name: "a weight in words",
    args: ["work", "--scripts", ".", "--queues", "a=much"],
    exitCode: 2,
    says: ['--queues: the weight of "a" must be a whole number'],
  },
  {
    name: "an empty label",
    args: ["work", "--scripts", ".", "--labels", "gpu,"],
    exitCode: 2,
    says: ['--labels holds "", which is no label'],
  },
  {
    name: "a label too long",
    args: ["work", "--scripts", ".", "--labels", "x".repeat(201)],
    exitCode: 2,
    says: ["which is no label of 1 to 200 characters"],
  },
  {
    name: "a folder without scripts",
    args: ["work", "--scripts", "."],
    exitCode: 2,
    says: ["Error: there are no scripts in ."],
  },

  {
    name: "an unknown script",
    args: ["scripts", "run", "chekc"],
    files: { "scripts/check.sh": script },
    exitCode: 4,
    says: ['there is no script "chekc"', "Valid options: check", 'did you mean "check"?'],
  },
  {
    name: "a script to show that is not there",
    args: ["scripts", "show", "nothing"],
    exitCode: 4,
    says: ['there is no script "nothing"'],
  },
  {
    name: "an input without a value",
    args: ["scripts", "run", "check", "--", "source"],
    files: { "scripts/check.sh": script },
    exitCode: 2,
    says: ['the input "source" is not understood', "Valid options: key=value, key:=JSON"],
  },
  {
    name: "an input given twice",
    args: ["scripts", "run", "check", "--", "a=1", "a=2"],
    files: { "scripts/check.sh": script },
    exitCode: 2,
    says: ['the input "a" is given twice'],
  },
  {
    name: "an input of wrong JSON",
    args: ["scripts", "run", "check", "--", "source:={x}"],
    files: { "scripts/check.sh": script },
    exitCode: 2,
    says: ['the input "source" is not JSON at line 1, column 2'],
  },
  {
    name: "a missing input",
    args: ["scripts", "run", "check"],
    files: { "scripts/check.sh": script },
    exitCode: 2,
    says: ['the payload of "check" is wrong', "source"],
  },
];
