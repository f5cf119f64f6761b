import type { ClassicBug } from "./classic-bug.ts";
import type { SourceEdit } from "./edited-sources.ts";
import { routeBug } from "./server-hunts.ts";
import { fromTheFuture, startBug, type BadStart } from "./start-hunts.ts";

const POLICY = "http/policy.ts";
const NOT_THERE = "if (job === null || job.org !== principal.org) throw";

const RETRY = "POST /v1/jobs/{id}/retry";
const READ = "GET /v1/jobs/{id}";
const LOGS = "GET /v1/jobs/{id}/logs";
const PAUSE = "POST /v1/queues/{name}/pause";

/** All of them, for the server that answers rightly. */
export const POLICY_ROUTES: readonly string[] = [RETRY, READ, LOGS, PAUSE];

const anyOrganisation: SourceEdit = {
  file: POLICY,
  found: NOT_THERE,
  replacement: "if (job === null) throw",
};

/** Bugs in who may do what. */
export const POLICY_BUGS: readonly ClassicBug[] = [
  routeBug("looks at the state of a job before it asks for the right", RETRY, [
    { file: POLICY, found: "import { AccessError,", replacement: "import { AccessError, ConflictError," },
    {
      file: POLICY,
      found: "  rightTo(principal, action);\n  if (job === null",
      replacement:
        '  if (action === "retry" && job?.state === "queued") throw new ConflictError("state_conflict", "it has not ended");\n' +
        "  rightTo(principal, action);\n  if (job === null",
    },
  ]),
  routeBug("says of another organisation's job that it is forbidden, and so that it is there", READ, [anyOrganisation]),
  routeBug("does not ask to which organisation a job belongs", LOGS, [
    anyOrganisation,
    {
      file: POLICY,
      found: 'return job.org === principal.org && (right === "all"',
      replacement: 'return (right === "all"',
    },
  ]),
  routeBug("takes whoever has a key for an owner", PAUSE, [
    {
      file: POLICY,
      found: 'const right = RIGHTS[action][principal.role];\n  if (right === "none")',
      replacement: 'const right = RIGHTS[action].owner;\n  if (right === "none")',
    },
  ]),
];

const NO_KEY: BadStart = { how: "without a key", key: null, refusal: /no key was given/, exitCode: 2 };
const SHORT_KEY: BadStart = {
  how: "with a key of five characters",
  key: "short",
  refusal: /at least 32 characters/,
  exitCode: 2,
};
const UNKNOWN_FLAG: BadStart = {
  how: "with a flag that there is not",
  args: ["--prot", "8080"],
  refusal: /--prot/,
  exitCode: 2,
};
const LATER_SCHEMA: BadStart = {
  how: "on a store of a later version",
  prepare: fromTheFuture,
  refusal: /version 999/,
  exitCode: 7,
};

/** All of them, for the server that refuses. */
export const BAD_STARTS: readonly BadStart[] = [NO_KEY, SHORT_KEY, UNKNOWN_FLAG, LATER_SCHEMA];

/** Bugs in what is asked at the start. */
export const START_BUGS: readonly ClassicBug[] = [
  startBug(
    "misses its key at the first request only",
    NO_KEY,
    [
      { file: "http/auth.ts", found: "isNone ? NO_WAY_IN : undefined,", replacement: "" },
      {
        file: "http/auth.ts",
        found: "this.#apiKey !== undefined && timingSafeEqual(",
        replacement: "timingSafeEqual(",
      },
    ],
    { wasShipped: true },
  ),
  startBug("takes any key, however short", SHORT_KEY, [
    { file: "http/auth.ts", found: "value.length >= LEAST_LENGTH", replacement: "value.length > 0" },
  ]),
  startBug("passes over a flag that it does not know", UNKNOWN_FLAG, [
    {
      file: "cli/program.ts",
      found: "for (const leaf of leavesOf(command)) {",
      replacement: "for (const leaf of leavesOf(command)) {\n    leaf.allowUnknownOption().allowExcessArguments();",
    },
  ]),
  startBug("works on a schema that it does not know", LATER_SCHEMA, [
    { file: "stores/sqlite/database.ts", found: "if (version > newest) {", replacement: "if (version < 0) {" },
  ]),
];
