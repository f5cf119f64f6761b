import { defineJob, openMillrace, snooze, type WorkerOptions } from "millrace";
import { wrong, type BadCall } from "./bad-call.ts";

function worker(name: string, options: unknown, says: string): BadCall {
  return { name, call: (mill) => mill.worker(options as WorkerOptions), code: "options_invalid", says };
}

/** Clients, questions and workers that cannot be. */
export const LIBRARY_CALLS: readonly BadCall[] = [
  {
    name: "no target",
    call: async () => openMillrace(wrong(undefined)),
    code: "options_invalid",
    says: "undefined names no store",
  },
  {
    name: "a target of another database",
    call: async () => openMillrace("mysql://localhost/jobs"),
    code: "options_invalid",
    says: '"mysql://localhost/jobs" names no store; expected "sqlite:./file.db"',
  },
  {
    name: "a target without a file",
    call: async () => openMillrace("sqlite:"),
    code: "options_invalid",
    says: "names no file",
  },
  {
    name: "an unknown option of openMillrace",
    call: async () => openMillrace("memory:", wrong({ logggr: 1 })),
    code: "options_invalid",
    says: 'did you mean "logger"?',
  },
  {
    name: "an organisation that cannot be",
    call: async () => openMillrace("memory:", { org: "a/b" }),
    code: "options_invalid",
    says: "openMillrace(): org must not contain",
  },

  {
    name: "a list that is none",
    call: async (mill) => mill.enqueueMany(wrong("k")),
    code: "request_invalid",
    says: "enqueueMany() expects a list",
  },
  {
    name: "a wrong one among many",
    call: async (mill) => mill.enqueueMany([{ kind: "a" }, wrong({ kind: "b", delayMs: 1 })]),
    code: "request_invalid",
    says: 'enqueueMany()[1]: "delayMs" is not an option',
  },
  {
    name: "an unknown filter",
    call: async (mill) => mill.list(wrong({ status: "failed" })),
    code: "request_invalid",
    says: 'did you mean "state"?',
  },
  {
    name: "a state that does not exist",
    call: async (mill) => mill.list({ state: wrong("done") }),
    code: "request_invalid",
    says: '"done"',
  },
  {
    name: "a page too large",
    call: async (mill) => mill.list({}, { limit: 1_001 }),
    code: "request_invalid",
    says: "limit must be at most 1000; got 1001",
  },
  {
    name: "a cursor that is none",
    call: async (mill) => mill.list({}, { cursor: "no cursor!" }),
    code: "request_invalid",
    says: '"no cursor!" is no cursor of a list',
  },
  {
    name: "number zero",
    call: async (mill) => mill.find({ scope: "mail", number: 0 }),
    code: "request_invalid",
    says: "find(): number must be a whole number, 1 or more",
  },
  {
    name: "a wait for nobody",
    call: async (mill) => mill.wait("job_01jd0000000000000000000000", { timeoutMs: 10 }),
    code: "job_not_found",
    says: "there is no job",
  },
  {
    name: "a wait of no time",
    call: async (mill) => mill.wait("job_01jd0000000000000000000000", { timeoutMs: -1 }),
    code: "request_invalid",
    says: "wait(): timeoutMs must be milliseconds",
  },
  {
    name: "the cancel of nobody",
    call: async (mill) => mill.cancel("mail#1"),
    code: "job_not_found",
    says: 'there is no job "mail#1"',
  },
  {
    name: "the retry of nobody",
    call: async (mill) => mill.retry("job_x"),
    code: "job_not_found",
    says: 'there is no job "job_x"',
  },
  {
    name: "the retry of a queued job",
    call: async (mill) => mill.retry((await mill.enqueue("k")).id),
    code: "state_conflict",
    says: "it is queued; only a job that has ended can be retried",
  },
  {
    name: "a key with another payload",
    call: async (mill) => Promise.all([1, 2].map(async (n) => mill.enqueue("k", n, { key: "x" }))),
    code: "duplicate_job",
    says: 'has the key "x" and another payload',
  },
  {
    name: "a queue without a name",
    call: (mill) => mill.queue(""),
    code: "request_invalid",
    says: "queue(): the name must have 1 to 200 characters",
  },
  {
    name: "an unknown setting",
    call: async (mill) => mill.queue("a").configure(wrong({ concurency: 1 })),
    code: "request_invalid",
    says: '"concurency" is not an option',
  },
  {
    name: "a retention in the past",
    call: async (mill) => mill.queue("a").configure({ retention: { failedMs: -1 } }),
    code: "request_invalid",
    says: "retention.failedMs must be milliseconds from 0",
  },
  {
    name: "a cron rule in words",
    call: async (mill) => mill.schedule("s", "every day", "k"),
    code: "request_invalid",
    says: '"every day" is no cron rule',
  },
  {
    name: "a time zone that does not exist",
    call: async (mill) => mill.schedule("s", "* * * * *", "k", null, { timeZone: "Mars/Olympus" }),
    code: "request_invalid",
    says: '"Mars/Olympus" is no time zone',
  },
  {
    name: "the removal of no schedule",
    call: async (mill) => mill.unschedule("s"),
    code: "schedule_not_found",
    says: 'there is no schedule "s"',
  },
  {
    name: "numbers that go back",
    call: async (mill) => {
      await mill.adoptNumbers("s", 9);
      await mill.adoptNumbers("s", 3);
    },
    code: "state_conflict",
    says: "it cannot go back to 3",
  },
  {
    name: "half a number",
    call: async (mill) => mill.adoptNumbers("s", 1.5),
    code: "request_invalid",
    says: "adoptNumbers(): highest must be a whole number",
  },

  worker("an unknown option of a worker", { leaseMS: 1 }, '"leaseMS" is not an option; did you mean "leaseMs"?'),
  worker("no concurrency", { concurrency: 0 }, "concurrency must be a whole number, 1 or more"),
  worker(
    "a concurrency that is a text",
    { concurrency: "8" },
    'concurrency must be a whole number, 1 or more; got "8"',
  ),
  worker("no queues", { queues: [] }, "queues is empty; leave it out to serve every queue"),
  worker("a queue that is a text", { queues: "mail" }, "queues must be a list of names"),
  worker("a weight of zero", { queues: { mail: 0 } }, 'the weight of "mail" must be above 0'),
  worker("a label that is a number", { labels: [1] }, "labels holds 1, which is no label"),
  worker(
    "a lease shorter than its heartbeats",
    { leaseMs: 1_000, heartbeatMs: 900 },
    "a lease outlives two missed heartbeats",
  ),
  {
    name: "a handler that is none",
    call: (mill) => mill.worker().handle("k", wrong("later")),
    code: "options_invalid",
    says: 'the handler must be a function; got "later"',
  },
  {
    name: "two handlers of one kind",
    call: (mill) =>
      mill
        .worker()
        .handle("k", () => 1)
        .handle("k", () => 2),
    code: "options_invalid",
    says: "this worker has a handler for it already",
  },
  {
    name: "a definition with an unknown option",
    call: () => defineJob("k", wrong({ retries: 3 })),
    code: "options_invalid",
    says: '"retries" is not an option',
  },
  {
    name: "a definition whose schema is none",
    call: () => defineJob("k", wrong({ input: {} })),
    code: "options_invalid",
    says: "input must be a Standard Schema",
  },
  {
    name: "a snooze into the past",
    call: () => snooze(-1),
    code: "TypeError",
    says: "snooze() expects milliseconds, 0 or more; it was given -1",
  },
];
