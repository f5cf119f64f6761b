import { Client } from "pg";
import { microseconds, payloads, postgresUrl } from "../contestants/contestant.ts";
import { openContestant } from "../open-contestant.ts";
import { quantilesMs } from "../statistics.ts";
import { timed } from "../stopwatch.ts";
import { countOf, type Figures, type Task } from "../task.ts";
import { startReaders } from "./readers.ts";

/** One call in so many milliseconds, all day. */
const CALL_EVERY_MS = 50;

/**
 * A steady load of no-ops, enqueued and run by this process, with or without a transaction that has been left open
 * since before, and analysts who read all tables on snapshots as old. Rate and latencies are those of the second half.
 */
export async function measure(task: Task): Promise<Figures> {
  const seconds = countOf(task, "seconds");
  const contestant = await openContestant(task);
  if (contestant.start === undefined) throw new Error(`${task.contestant} cannot work until it is told to stop`);
  const tookMs: number[] = [];
  let ran = 0;
  const halfAt = microseconds() + seconds * 500_000;
  const worker = await contestant.start({
    concurrency: countOf(task, "concurrency"),
    handler: ({ at }) => {
      ran += 1;
      const now = microseconds();
      if (now >= halfAt) tookMs.push((now - at) / 1_000);
    },
  });
  const forgotten = countOf(task, "pinned") === 1 ? await leaveOpen(postgresUrl(task)) : null;
  const readers = await startReaders(postgresUrl(task), countOf(task, "readers"));
  let offered = 0;
  const figures = await timed(
    countOf(task, "offered") * seconds,
    async () => {
      offered = await offer(task, contestant.addMany);
    },
    contestant,
  );
  const behind = offered - ran;
  const halfSeconds = (microseconds() - halfAt) / 1_000_000;
  const perSecond = tookMs.length / halfSeconds;
  await readers.stop();
  await forgotten?.end();
  await worker.stop();
  await contestant.close();
  return { ...figures, ...quantilesMs(tookMs), perSecond, behind };
}

/** A transaction with a snapshot and an id of its own, and a client that has gone for lunch. */
async function leaveOpen(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  await client.query("SELECT pg_current_xact_id()");
  return client;
}

/** Calls at a pace, until the time is over. A late one is followed by the next at once. Answers how many jobs. */
async function offer(task: Task, addMany: (all: ReturnType<typeof payloads>) => Promise<unknown>): Promise<number> {
  const perCall = Math.round((countOf(task, "offered") * CALL_EVERY_MS) / 1_000);
  const calls = Math.round((countOf(task, "seconds") * 1_000) / CALL_EVERY_MS);
  const startedMs = performance.now();
  const answers: Promise<unknown>[] = [];
  for (let call = 0; call < calls; call++) {
    const waitMs = startedMs + call * CALL_EVERY_MS - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const at = microseconds();
    answers.push(addMany(payloads(perCall, call * perCall).map(({ n }) => ({ n, at }))));
  }
  await Promise.all(answers);
  return calls * perCall;
}
