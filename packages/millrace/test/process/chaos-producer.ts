import { appendFileSync } from "node:fs";
import { isMillraceError, type Job } from "millrace";
import { chanceFrom, historyBeside, type ChaosInput, type Line, type Order } from "./chaos-messages.ts";
import { openRecorded } from "./open-recorded.ts";

const { url, record, seed, backlog } = JSON.parse(process.argv[2] ?? "{}") as ChaosInput;

const chance = chanceFrom(seed);
const oneOf = <T>(choices: readonly T[]): T => choices[Math.floor(chance() * choices.length)] as T;
const mill = await openRecorded(url, historyBeside(record));
const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());
process.send?.({ type: "started" });

function note(jobs: readonly Job[]): void {
  const lines = jobs.map(({ id, number, scope }): Line => ({ what: "acknowledged", job: id, number, scope }));
  appendFileSync(record, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

function anItem(n: number) {
  const ends = Array.from({ length: Math.floor(chance() * 4) }, () => oneOf(["throw", "snooze", "child"] as const));
  const payload: Order = { producer: seed, n, spendMs: Math.floor(chance() * 30), ends };
  const kind = chance() < 0.05 ? "doomed" : "work";
  const options = {
    maxAttempts: chance() < 0.1 ? 2 : 1_000,
    backoff: { type: "fixed", delayMs: Math.floor(chance() * 50) },
    priority: oneOf([0, 0, 5]),
    queue: oneOf(["one", "two"]),
    scope: oneOf(["alpha", "beta", "gamma"]),
    ...(chance() < 0.2 ? { delayMs: Math.floor(chance() * 100) } : {}),
  } as const;
  return { kind, payload, options };
}

for (let n = 0; !stopping.signal.aborted;) {
  const items = Array.from({ length: 1 + Math.floor(chance() * 8) }, () => anItem(n++));
  try {
    const isOneCall = chance() < 0.5;
    note(
      isOneCall
        ? await mill.enqueueMany(items)
        : await Promise.all(items.map(({ kind, payload, options }) => mill.enqueue(kind, payload, options))),
    );
    const { queued, scheduled } = await mill.counts();
    if (queued + scheduled > backlog) await new Promise((resolve) => void setTimeout(resolve, 20));
  } catch (error) {
    // A store that is busy or away is not the end of a producer; anything else is.
    if (!isMillraceError(error) || !error.retryable) throw error;
  }
}
await mill.close();
process.disconnect();
