import { postgresUrl } from "../contestants/contestant.ts";
import { openContestant } from "../open-contestant.ts";
import { countOf, type Figures, type Task } from "../task.ts";
import { withClient } from "../with-client.ts";

const MB = 1_048_576;
const MILLION = 1_000_000;

/** Bytes that a million jobs take in a database, and write to its log: queued, and again when they have run. */
export async function measure(task: Task): Promise<Figures> {
  const jobs = countOf(task, "jobs");
  const contestant = await openContestant(task);
  const empty = await databaseBytes(task);
  const walAtStart = await walBytes(contestant);
  await contestant.fill(jobs);
  const walQueued = await walBytes(contestant);
  const queued = await databaseBytes(task);
  await contestant.drain(jobs, { concurrency: countOf(task, "concurrency"), handler: () => {} });
  const walDone = await walBytes(contestant);
  const done = await databaseBytes(task);
  await contestant.close();
  const perMillion = (bytes: number): number => (bytes / MB / jobs) * MILLION;
  return {
    queuedMb: perMillion(queued - empty),
    doneMb: perMillion(done - empty),
    walByEnqueueMb: perMillion(walQueued - walAtStart),
    walByWorkMb: perMillion(walDone - walQueued),
  };
}

async function walBytes({ walBytes }: { readonly walBytes?: () => Promise<number> }): Promise<number> {
  return (await walBytes?.()) ?? Number.NaN;
}

function databaseBytes(task: Task): Promise<number> {
  return withClient(postgresUrl(task), async (client) => {
    const { rows } = await client.query<{ bytes: number }>(
      "SELECT pg_database_size(current_database())::float8 AS bytes",
    );
    return rows[0]?.bytes ?? Number.NaN;
  });
}
