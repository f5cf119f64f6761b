import { isMillraceError } from "../../core/errors.ts";
import type { JobId } from "../../core/job.ts";
import { chanceFrom } from "../../core/chance.ts";
import type { NumberRange } from "../history/entry.ts";
import { joinCrew } from "./crew-process.ts";
import { passed } from "./passed.ts";
import { TransactionFailed, Transactor, type TransactionEnd } from "./transactor.ts";
import { Workload } from "./workload.ts";

const crew = await joinCrew("producer");
const { mill, input, leaving } = crew;
const { abilities, quota, backlog } = input;
const workload = new Workload(chanceFrom(input.seed), input.places, abilities);
const transactor = new Transactor(input.url, input.name, crew.write);
/** Of late, to be cancelled, looked at or done once more. */
const known: JobId[] = [];
let added = 0;

function acknowledged(ids: readonly JobId[]): void {
  known.push(...ids);
  known.splice(0, known.length - 200);
  added += ids.length;
  crew.did(ids.length);
}

async function enqueue(): Promise<void> {
  const items = workload.items(8);
  if (workload.is(0.5)) return acknowledged((await mill.enqueueMany(items)).map(({ id }) => id));
  const calls = items.map(async (item) => "kind" in item && mill.enqueue(item.kind, item.payload, item.options));
  const settled = await Promise.allSettled(calls);
  acknowledged(settled.flatMap((call) => (call.status === "fulfilled" && call.value ? [call.value.id] : [])));
  for (const call of settled) if (call.status === "rejected") throw call.reason;
}

/** Takes numbers for rows of the caller's own. */
async function bill(tx: unknown): Promise<NumberRange> {
  const [scope, count] = [input.places.bills, 1 + workload.below(3)];
  return { scope, count, first: await mill.number(scope, { count, tx }) };
}

async function transact(): Promise<void> {
  const end: TransactionEnd = workload.is(0.7) ? "commit" : abilities.mayDie && workload.is(0.05) ? "die" : "rollback";
  const items = workload.boundItems();
  let ids: readonly JobId[] = [];
  await transactor.run(end, async (connection) => {
    const jobs = await mill.enqueueMany(items, { tx: connection.tx });
    for (const { id, queue } of jobs) await connection.note(`enqueued ${id} ${queue}`);
    if (workload.is(0.3)) await passed(workload.below(20));
    ids = jobs.map(({ id }) => id);
    return { jobs, numbers: workload.is(0.3) ? [await bill(connection.tx)] : [] };
  });
  if (end === "commit") acknowledged(ids);
}

/** One that runs, and may complete meanwhile; or one of those that were enqueued last, of which most still wait. */
async function cancel(): Promise<void> {
  const id = workload.is(0.6) ? await anyRunning() : known[known.length - 1 - workload.below(20)];
  if (id !== undefined) await mill.cancel(id, { by: input.name, reason: "the drive wants it so" });
}

async function anyRunning(): Promise<JobId | undefined> {
  const queue = workload.oneOf([input.places.main, input.places.side]);
  const { jobs } = await mill.list({ state: "running", queue }, { limit: 20 });
  return jobs[workload.below(jobs.length)]?.id;
}

async function retry(): Promise<void> {
  const id = known[workload.below(known.length)];
  if (id !== undefined) acknowledged([(await mill.retry(id, { by: input.name })).id]);
}

/** Whether enough waits already; the workers should be able to finish in the end. */
let isFull = false;

async function countOpen(): Promise<number> {
  return (await mill.queues()).reduce((sum, { counts }) => sum + counts.queued + counts.scheduled, 0);
}

/** Much of it is enqueued, some of it cancelled, and a little done once more. */
async function act(): Promise<void> {
  if (isFull || workload.is(0.08)) isFull = (await countOpen()) > backlog;
  if (isFull || added >= quota) return passed(100, leaving);
  const lot = workload.below(100);
  if (lot < 15) return cancel();
  if (lot < 18) return retry();
  return lot < 30 && abilities.transactions !== null ? transact() : enqueue();
}

/** What may come of it without anybody being at fault: an outage, or a refusal because of where a job stands. */
function isExpected(error: unknown): boolean {
  if (error instanceof TransactionFailed) return true;
  const refusals = ["state_conflict", "duplicate_job", "job_not_found"];
  return isMillraceError(error) && (error.retryable || refusals.includes(error.code));
}

crew.started();
while (!leaving.aborted) {
  try {
    await act();
  } catch (error) {
    if (!isExpected(error)) throw error;
    // Where the store is away, nobody is served faster by asking at once.
    if (!isMillraceError(error) || error.retryable) await passed(20, leaving);
  }
}
await transactor.close();
await mill.close();
crew.left();
