import type { BadCommand } from "./bad-command.ts";

/** Wrong wishes to a store that is all right. It holds mail#1 (completed), mail#2 (queued) and mail#3 (queued). */
export const STORE_COMMANDS: readonly BadCommand[] = (
  [
    {
      name: "digits alone",
      args: ["jobs", "show", "42"],
      exitCode: 2,
      says: ['Error: "42" is a number without a scope', 'Suggestion: mail#42 is job 42 of the queue "mail"'],
    },
    {
      name: "a hash and digits",
      args: ["jobs", "show", "#42"],
      exitCode: 2,
      says: ['Error: "#42" is a number without a scope'],
    },
    {
      name: "a name that only begins with a digit",
      args: ["jobs", "show", "3f2c"],
      exitCode: 4,
      says: ['Error: no job is called "3f2c"'],
    },
    { name: "an empty name", args: ["jobs", "show", ""], exitCode: 2, says: ["Error: the name of a job is empty"] },
    {
      name: "a word behind the hash",
      args: ["jobs", "show", "mail#abc"],
      exitCode: 2,
      says: ['"mail#abc" names no job: behind the # stands a whole number from 1'],
    },
    { name: "number zero", args: ["jobs", "show", "mail#0"], exitCode: 2, says: ["a whole number from 1"] },
    {
      name: "a number with a leading zero",
      args: ["jobs", "show", "mail#02"],
      exitCode: 2,
      says: ["a whole number from 1"],
    },
    {
      name: "a scope with a slash",
      args: ["jobs", "show", "mail/x#1"],
      exitCode: 2,
      says: ["the scope must not contain"],
    },
    {
      name: "a number nobody has",
      args: ["jobs", "show", "mail#99"],
      exitCode: 4,
      says: ['Error: there is no job 99 in the scope "mail"', "Suggestion: `millrace jobs list`"],
    },
    {
      name: "a scope nobody has",
      args: ["jobs", "logs", "nail#1"],
      exitCode: 4,
      says: ['no job 1 in the scope "nail"'],
    },
    {
      name: "an id nobody has",
      args: ["jobs", "explain", "job_01jd0000000000000000000000"],
      exitCode: 4,
      says: ["there is no job job_01jd0000000000000000000000"],
    },
    {
      name: "the beginning of no id",
      args: ["jobs", "cancel", "job_zzz"],
      exitCode: 4,
      says: ["no id of a job begins with job_zzz"],
    },
    {
      name: "the beginning of several ids",
      args: ["jobs", "show", "job_"],
      exitCode: 2,
      says: [
        "job_ is the beginning of 3 ids",
        "Valid options: job_",
        "mail#1",
        "mail#3",
        "Suggestion: type more of it",
      ],
    },
    {
      name: "the cancel of a completed job",
      args: ["jobs", "cancel", "mail#1"],
      exitCode: 5,
      says: ["it is already completed and cannot be cancelled"],
    },
    {
      name: "the retry of a queued job",
      args: ["jobs", "retry", "mail#2"],
      exitCode: 5,
      says: ["it is queued; only a job that has ended can be retried"],
    },
    {
      name: "a key with another payload",
      args: ["enqueue", "mail.send", "2", "--queue", "mail", "--key", "k1"],
      exitCode: 5,
      says: ['has the key "k1" and another payload'],
    },

    {
      name: "an unknown state",
      args: ["jobs", "list", "--state", "compleeted"],
      exitCode: 2,
      says: [
        '--state: "compleeted" is no state',
        "Valid options: blocked, scheduled, queued",
        'did you mean "completed"?',
      ],
    },
    {
      name: "a limit of zero",
      args: ["jobs", "list", "--limit", "0"],
      exitCode: 2,
      says: ["--limit must be a whole number, 1 or more"],
    },
    {
      name: "a limit too high",
      args: ["jobs", "list", "--limit", "5000"],
      exitCode: 2,
      says: ["--limit: at most 1000 jobs come at once; got 5000", "Suggestion: read page by page"],
    },
    {
      name: "a cursor that is none",
      args: ["jobs", "list", "--cursor", "no cursor!"],
      exitCode: 2,
      says: ['Error: "no cursor!" is no cursor of a list'],
    },
    {
      name: "an unknown queue",
      args: ["queues", "pause", "mial"],
      exitCode: 4,
      says: ['there is no queue "mial"; did you mean "mail"?'],
    },
    {
      name: "a queue that cannot be",
      args: ["queues", "resume", "a/b"],
      exitCode: 2,
      says: ['the queue must not contain "#", "/"'],
    },
    {
      name: "a configuration of nothing",
      args: ["queues", "configure", "mail"],
      exitCode: 2,
      says: ["nothing to configure was given"],
    },
    {
      name: "a configuration in the past",
      args: ["queues", "configure", "mail", "--keep-failed", "-1d"],
      exitCode: 2,
      says: ['--keep-failed: "-1d" is not a duration'],
    },
    {
      name: "a wait that runs out",
      args: ["enqueue", "nobody.handles", "--wait", "--wait-timeout", "50ms"],
      exitCode: 3,
      says: ["was still queued after 50 ms", "Suggestion: the job goes on"],
    },

    {
      name: "a cron rule in words",
      args: ["schedules", "add", "s", "every day", "k"],
      exitCode: 2,
      says: ["Error: ", "every day"],
    },
    {
      name: "a cron rule with minute 99",
      args: ["schedules", "add", "s", "99 * * * *", "k"],
      exitCode: 2,
      says: ["Error: ", "99 * * * *"],
    },
    {
      name: "a cron rule with three fields",
      args: ["schedules", "add", "s", "* * *", "k"],
      exitCode: 2,
      says: ["Error: ", "* * *"],
    },
    {
      name: "a cron rule that never comes",
      args: ["schedules", "add", "s", "0 0 30 2 *", "k"],
      exitCode: 2,
      says: ["Error: ", "0 0 30 2 *"],
    },
    {
      name: "a time zone that does not exist",
      args: ["schedules", "add", "s", "* * * * *", "k", "--time-zone", "Mars/Olympus"],
      exitCode: 2,
      says: ["Mars/Olympus"],
    },
    {
      name: "a schedule without a name",
      args: ["schedules", "add", "", "* * * * *", "k"],
      exitCode: 2,
      says: ["the name of a schedule must have 1 to 200 characters"],
    },
    {
      name: "a schedule with a wrong payload",
      args: ["schedules", "add", "s", "* * * * *", "k", "{a}"],
      exitCode: 2,
      says: ["the payload is not JSON at line 1, column 2"],
    },
    {
      name: "the removal of an unknown schedule",
      args: ["schedules", "remove", "nightly"],
      exitCode: 4,
      says: ['there is no schedule "nightly"', "Suggestion: `millrace schedules list`"],
    },
  ] as const satisfies readonly BadCommand[]
).map((row) => ({ ...row, hasStore: true }));
