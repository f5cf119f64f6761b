import { backoffProblem } from "./backoff.ts";
import type { Companion } from "./companion.ts";
import { JOB_EVENTS } from "./event.ts";
import { labelsProblem, nameProblem, show } from "./options.ts";
import { queueSettingsProblems } from "./queue.ts";
import { ROLES } from "./role.ts";
import type { EnqueueRequest } from "./store.ts";
import {
  amount,
  anyText,
  count,
  digest,
  fieldProblems,
  firstOf,
  instant,
  isObject,
  jobId,
  jsonText,
  object,
  oneOf,
  optional,
  percentage,
  required,
  someOf,
  someText,
  tags,
  wholeNumber,
  yesOrNo,
  type Check,
  type Field,
  type Fields,
} from "./transfer-fields.ts";
import type {
  ApiKeyRecord,
  ArtifactRecord,
  CounterRecord,
  DoneTicket,
  EarlierAttemptRecord,
  JobRecord,
  LateReportRecord,
  LogLineRecord,
  QueueRecord,
  RecordType,
  ScheduleRecord,
  TransferRecord,
  WaitingTicket,
  WebhookRecord,
} from "./transfer.ts";

type FieldsOf<T> = Readonly<Record<Exclude<keyof T, "type">, Field>>;

const QUEUE: FieldsOf<QueueRecord> = {
  org: required(nameProblem),
  name: required(nameProblem),
  pausedAt: optional(instant),
  settings: required(firstOf(queueSettingsProblems)),
};

const COUNTER: FieldsOf<CounterRecord> = {
  org: required(nameProblem),
  scope: required(nameProblem),
  last: required(count(0)),
  hasHoles: required(yesOrNo),
};

export const COMPANION: FieldsOf<Companion> = {
  sealed: optional(someText),
  trace: optional(someText),
};

/** As it is stored: whole in JSON, with times as text. */
const REQUEST: FieldsOf<Omit<EnqueueRequest, "id" | "sentMsAgo">> = {
  org: required(nameProblem),
  queue: required(nameProblem),
  kind: required(nameProblem),
  payload: required(jsonText),
  priority: required(wholeNumber),
  delayMs: optional(amount),
  runAt: optional(someText),
  key: optional(someText),
  scope: optional(nameProblem),
  numbered: optional(yesOrNo),
  group: optional(someText),
  tags: required(tags),
  requires: required(labelsProblem),
  fairKey: optional(someText),
  maxAttempts: optional(count(1)),
  timeoutMs: optional(amount),
  backoff: optional(backoffProblem),
  createdBy: optional(someText),
  retryOf: optional(jobId),
  companion: optional(object(COMPANION)),
};

const SCHEDULE: FieldsOf<ScheduleRecord> = {
  org: required(nameProblem),
  name: required(nameProblem),
  cron: required(someText),
  timeZone: required(someText),
  nextAt: optional(instant),
  lastAt: optional(instant),
  request: required(object(REQUEST)),
};

const API_KEY: FieldsOf<ApiKeyRecord> = {
  id: required(someText),
  org: required(nameProblem),
  name: required(someText),
  role: required(oneOf(ROLES)),
  digest: required(digest),
  createdBy: optional(someText),
  createdAt: required(instant),
  revokedAt: optional(instant),
};

const WEBHOOK: FieldsOf<WebhookRecord> = {
  id: required(someText),
  org: required(nameProblem),
  url: required(someText),
  events: optional(someOf(JOB_EVENTS)),
  sealed: required(someText),
  createdBy: optional(someText),
  createdAt: required(instant),
};

const ERROR: Fields = {
  name: required(anyText),
  message: required(anyText),
  permanent: required(yesOrNo),
  attempt: required(count(0)),
};

const TICKET = {
  place: required(oneOf(["ready", "scheduled", "blocked", "done"])),
  attempt: required(count(0)),
  token: required(count(0)),
  startedAt: optional(instant),
} as const;
const WAITING: FieldsOf<WaitingTicket> = { ...TICKET, runAt: required(instant) };
const DONE: FieldsOf<DoneTicket> = {
  ...TICKET,
  state: required(oneOf(["completed", "failed", "cancelled"])),
  endedBy: required(oneOf(["worker", "lease", "cancel"])),
  worker: optional(someText),
  attemptStartedAt: optional(instant),
  finishedAt: required(instant),
  result: optional(jsonText),
  error: optional(object(ERROR)),
  cancelRequestedAt: optional(instant),
  cancelledBy: optional(anyText),
  cancelReason: optional(anyText),
  percent: optional(percentage),
  message: optional(anyText),
};

export function ticketFields(ticket: unknown): Fields {
  return isObject(ticket) && ticket["place"] === "done" ? DONE : WAITING;
}

const ticket: Check = (value, what) => fieldProblems(value, ticketFields(value), what)[0];

const JOB: FieldsOf<JobRecord> = {
  id: required(jobId),
  org: required(nameProblem),
  queue: required(nameProblem),
  scope: required(nameProblem),
  number: optional(count(1)),
  kind: required(nameProblem),
  priority: required(wholeNumber),
  maxAttempts: required(count(1)),
  timeoutMs: optional(count(1)),
  backoff: optional(backoffProblem),
  runAt: required(instant),
  createdAt: required(instant),
  createdBy: optional(someText),
  key: optional(someText),
  group: optional(someText),
  tags: required(tags),
  requires: required(labelsProblem),
  fairKey: optional(someText),
  retryOf: optional(jobId),
  companion: optional(object(COMPANION)),
  payload: required(jsonText),
  ticket: required(ticket),
};

const ATTEMPT: FieldsOf<EarlierAttemptRecord> = {
  job: required(jobId),
  token: required(count(1)),
  attempt: required(count(1)),
  ending: required(oneOf(["failed", "snoozed", "released", "lost"])),
  worker: required(someText),
  startedAt: required(instant),
  endedAt: required(instant),
  error: optional(object(ERROR)),
};

const LOG: FieldsOf<LogLineRecord> = {
  job: required(jobId),
  sequence: required(count(1)),
  at: required(instant),
  stream: required(oneOf(["log", "stdout", "stderr"])),
  attempt: required(count(1)),
  text: required(anyText),
};

const ARTIFACT: FieldsOf<ArtifactRecord> = {
  job: required(jobId),
  name: required(someText),
  size: required(count(0)),
  sha256: required(digest),
  contentType: required(someText),
  createdBy: optional(someText),
  createdAt: required(instant),
  place: required(someText),
};

const LATE_REPORT: FieldsOf<LateReportRecord> = {
  job: required(jobId),
  token: required(count(1)),
  at: required(instant),
  by: required(someText),
  report: required(jsonText),
};

/** The fields of each type, in the order in which they are written. */
export const FIELDS: Readonly<Record<RecordType, Fields>> = {
  queue: QUEUE,
  counter: COUNTER,
  schedule: SCHEDULE,
  apiKey: API_KEY,
  webhook: WEBHOOK,
  job: JOB,
  attempt: ATTEMPT,
  log: LOG,
  artifact: ARTIFACT,
  lateReport: LATE_REPORT,
};

interface Rule<T> {
  readonly isBroken: (value: T) => boolean;
  readonly says: (value: T) => string;
}

/** `null` stands for an instant that has not come, and orders nothing. */
const isBefore = (a: number | null, b: number | null): boolean => a !== null && b !== null && a < b;

const JOB_RULES: readonly Rule<JobRecord>[] = [
  {
    isBroken: ({ runAt, createdAt }) => isBefore(runAt, createdAt),
    says: ({ runAt, createdAt }) => `"runAt" ${runAt} lies before "createdAt" ${createdAt}`,
  },
  {
    isBroken: ({ ticket, createdAt }) => isBefore(ticket.startedAt, createdAt),
    says: ({ ticket, createdAt }) => `"startedAt" ${ticket.startedAt} lies before "createdAt" ${createdAt}`,
  },
  {
    isBroken: ({ ticket }) => ticket.token < ticket.attempt,
    says: ({ ticket }) => `"token" ${ticket.token} is less than "attempt" ${ticket.attempt}, and every try gets one`,
  },
  {
    isBroken: ({ ticket, maxAttempts }) => ticket.place !== "done" && ticket.attempt >= maxAttempts,
    says: ({ ticket, maxAttempts }) =>
      `it waits after ${ticket.attempt} attempts, and "maxAttempts" allows ${maxAttempts}`,
  },
  {
    isBroken: ({ ticket, companion }) => ticket.place === "done" && companion !== null,
    says: () => 'it has ended, and has a "companion", which is for attempts alone',
  },
];

const DONE_RULES: readonly Rule<DoneTicket>[] = [
  {
    isBroken: (done) => isBefore(done.attemptStartedAt, done.startedAt) || isBefore(done.finishedAt, done.startedAt),
    says: ({ startedAt }) => `its last attempt lies before "startedAt" ${startedAt}`,
  },
  {
    isBroken: (done) => isBefore(done.finishedAt, done.attemptStartedAt),
    says: (done) => `"finishedAt" ${done.finishedAt} lies before "attemptStartedAt" ${done.attemptStartedAt}`,
  },
  {
    isBroken: ({ state, startedAt }) => state !== "cancelled" && startedAt === null,
    says: ({ state }) => `it is ${state}, and has no "startedAt"`,
  },
  {
    isBroken: ({ state, result }) => (state === "completed") !== (result !== null),
    says: ({ state }) => `it is ${state}, and ${state === "completed" ? "has no" : "has a"} "result"`,
  },
  {
    isBroken: ({ state, error }) => (state === "failed") !== (error !== null),
    says: ({ state }) => `it is ${state}, and ${state === "failed" ? "has no" : "has an"} "error"`,
  },
];

const ATTEMPT_RULES: readonly Rule<EarlierAttemptRecord>[] = [
  {
    isBroken: ({ endedAt, startedAt }) => isBefore(endedAt, startedAt),
    says: ({ endedAt, startedAt }) => `"endedAt" ${endedAt} lies before "startedAt" ${startedAt}`,
  },
];

const WORDS: Readonly<Partial<Record<RecordType, string>>> = { log: "the log line", apiKey: "the API key" };

/** Everything that is wrong with a record of this type by itself, each by its sentence. */
export function recordProblems(type: RecordType, value: unknown): readonly string[] {
  const what = WORDS[type] ?? `the ${type}`;
  const wrong = fieldProblems(value, FIELDS[type], what);
  if (wrong.length > 0) return wrong;
  const record = { ...(value as object), type } as TransferRecord;
  return brokenRules(record).map((sentence) => `${what}: ${sentence}`);
}

function brokenRules(record: TransferRecord): readonly string[] {
  if (record.type === "attempt") return broken(ATTEMPT_RULES, record);
  if (record.type !== "job") return [];
  return [...broken(JOB_RULES, record), ...(record.ticket.place === "done" ? broken(DONE_RULES, record.ticket) : [])];
}

function broken<T>(rules: readonly Rule<T>[], value: T): readonly string[] {
  return rules.filter(({ isBroken }) => isBroken(value)).map(({ says }) => says(value));
}

/** What a record is about, for a message. */
export function nameOfRecord(record: TransferRecord): string {
  switch (record.type) {
    case "queue":
    case "schedule":
      return `the ${record.type} ${show(record.name)}`;
    case "counter":
      return `the counter of ${show(record.scope)}`;
    case "apiKey":
      return `the API key ${record.id}`;
    case "webhook":
      return `the webhook ${record.id}`;
    case "job":
      return `the job ${record.id}`;
    case "attempt":
      return `attempt ${record.attempt} of ${record.job}`;
    case "log":
      return `line ${record.sequence} of the log of ${record.job}`;
    case "artifact":
      return `the artifact ${show(record.name)} of ${record.job}`;
    case "lateReport":
      return `the late report ${record.token} of ${record.job}`;
  }
}
