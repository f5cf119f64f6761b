import { JOB_STATES } from "../../core/states.ts";
import type { FinalJob } from "../check/verdict.ts";
import type { Answer, Entry, Operation } from "./entry.ts";
import {
  count,
  flag,
  instant,
  jobId,
  listOf,
  objectOf,
  oneOf,
  optional,
  orNull,
  requireShape,
  text,
  time,
  variantOf,
  type Shape,
} from "./shape.ts";

const LEASE = { job: jobId, token: count };
const ENDS = listOf(objectOf({ ...LEASE, to: oneOf("completed", "failed", "cancelled", "waiting") }));
const NUMBERS = listOf(objectOf({ scope: text, first: count, count }));
const JOB = objectOf({
  id: jobId,
  scope: text,
  queue: optional(text),
  numbered: optional(orNull(flag)),
  lane: optional(text),
  requires: optional(listOf(text)),
  fairKey: optional(orNull(text)),
  priority: optional(instant),
  isDelayed: optional(flag),
  key: optional(orNull(text)),
});
const RETENTION = objectOf({
  completedMs: optional(orNull(count)),
  failedMs: optional(orNull(count)),
  cancelledMs: optional(orNull(count)),
});

const OPERATIONS: Readonly<Record<Operation["name"], Shape>> = {
  enqueue: objectOf({ jobs: listOf(JOB), under: optional(objectOf(LEASE)), isAllOrNone: optional(flag) }),
  claim: objectOf({
    worker: text,
    leaseMs: count,
    max: optional(count),
    waits: optional(flag),
    queues: optional(orNull(listOf(text))),
    labels: optional(listOf(text)),
  }),
  heartbeat: objectOf({ leases: listOf(objectOf(LEASE)), leaseMs: count }),
  report: objectOf({ leases: listOf(objectOf(LEASE)) }),
  settle: objectOf({ ends: ENDS }),
  cancel: objectOf({ jobs: listOf(jobId) }),
  leave: objectOf({ worker: text }),
  promote: objectOf({}),
  rescue: objectOf({}),
  prune: objectOf({}),
  fire: objectOf({ schedule: text, dueAt: orNull(text), job: JOB }),
  number: objectOf({ scope: text, count }),
  adopt: objectOf({ scope: text, highest: count }),
  configure: objectOf({
    queue: text,
    isPaused: optional(flag),
    retention: optional(RETENTION),
    cancelGraceMs: optional(count),
  }),
  transact: objectOf({
    jobs: listOf(JOB),
    ends: ENDS,
    numbers: optional(NUMBERS),
    to: oneOf("commit", "rollback"),
  }),
};

const COUNTED = objectOf({ count });
const ANSWERS: Readonly<Record<Answer["name"], Shape>> = {
  enqueue: objectOf({
    results: listOf(orNull(objectOf({ job: jobId, number: orNull(count) }))),
    isLost: optional(flag),
  }),
  claim: objectOf({ leases: listOf(objectOf(LEASE)) }),
  heartbeat: objectOf({ statuses: listOf(oneOf("held", "lost", "cancel", "locked")) }),
  report: objectOf({ statuses: listOf(oneOf("kept", "lost")) }),
  settle: objectOf({ statuses: listOf(oneOf("settled", "lost", "cancelled")) }),
  cancel: objectOf({ statuses: listOf(oneOf("cancelled", "requested", "finished", "not_found")) }),
  leave: objectOf({ count: optional(count) }),
  promote: COUNTED,
  rescue: COUNTED,
  prune: COUNTED,
  fire: objectOf({}),
  number: objectOf({ first: count }),
  adopt: objectOf({ status: oneOf("adopted", "behind"), last: count }),
  configure: objectOf({}),
  transact: objectOf({}),
  error: objectOf({ code: text, isOutage: flag }),
};

const CALL = { process: text, call: count, at: instant };
const ENTRIES: Readonly<Record<Entry["type"], Shape>> = {
  call: objectOf({ ...CALL, operation: variantOf("name", OPERATIONS) }),
  answer: objectOf({ ...CALL, answer: variantOf("name", ANSWERS) }),
  fault: objectOf({ at: instant, until: instant, fault: text, target: text }),
  process: objectOf({ process: text, at: instant, name: text, pid: count, seed: orNull(instant), role: text }),
  stall: objectOf({ process: text, at: instant, until: instant }),
};
const ENTRY = variantOf("type", ENTRIES);

/**
 * A line of a history, as somebody wrote it.
 * @param where names the line, for who has to mend it
 * @throws InputError when it is none
 */
export function parseEntry(value: unknown, where: string): Entry {
  requireShape(value, ENTRY, where, "the entry");
  return value as Entry;
}

const FINAL_JOB = objectOf({
  id: jobId,
  // A broken store may have it nowhere.
  state: orNull(oneOf(...JOB_STATES)),
  scope: text,
  number: orNull(count),
  createdAt: time,
  startedAt: orNull(time),
  finishedAt: orNull(time),
  queue: optional(text),
  cancelRequestedAt: optional(orNull(time)),
  attempts: optional(
    listOf(
      objectOf({
        attempt: count,
        token: count,
        worker: text,
        startedAt: time,
        endedAt: time,
        ending: oneOf("failed", "snoozed", "released", "lost"),
      }),
    ),
  ),
});

type Written<T> = {
  readonly [Name in keyof T]: T[Name] extends Date ? string : T[Name] extends Date | null ? string | null : T[Name];
};

/**
 * A job as somebody found it in the end. What else is on its line is kept.
 * @param where names the line, for who has to mend it
 * @throws InputError when it is none
 */
export function parseFinalJob(value: unknown, where: string): FinalJob {
  requireShape(value, FINAL_JOB, where, "the job");
  const job = value as Written<FinalJob>;
  const { createdAt, startedAt, finishedAt, cancelRequestedAt, attempts } = job;
  const dateOf = (written: string | null): Date | null => (written === null ? null : new Date(written));
  return {
    ...job,
    createdAt: new Date(createdAt),
    startedAt: dateOf(startedAt),
    finishedAt: dateOf(finishedAt),
    ...(cancelRequestedAt === undefined
      ? {}
      : { cancelRequestedAt: cancelRequestedAt === null ? null : new Date(cancelRequestedAt) }),
    ...(attempts === undefined
      ? {}
      : {
          attempts: attempts.map((each) => ({
            ...each,
            startedAt: new Date(each.startedAt),
            endedAt: new Date(each.endedAt),
          })),
        }),
  };
}
