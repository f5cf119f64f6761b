import type { Job } from "millrace";
import { expect, it } from "vitest";
import { chanceFrom } from "../../src/core/chance.ts";
import type { Caller } from "../runtime/caller.ts";
import { onPostgres } from "../runtime/bench.ts";
import { adminQuery } from "./test-database.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const OPEN_COUNT = 50;
const ROLLBACK_COUNT = 10;
const ENQUEUE_COUNT = 1_000;

function shuffled<T>(list: readonly T[], chance: () => number): T[] {
  return list
    .map((value) => ({ value, place: chance() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ value }) => value);
}

/** A transaction that is open, and what was enqueued in it. */
interface Open {
  readonly caller: Caller;
  readonly jobs: readonly Job[];
  readonly end: "COMMIT" | "ROLLBACK";
}

async function openCount(callers: readonly Open[]): Promise<unknown> {
  const pids = await Promise.all(callers.map(({ caller }) => caller.query("SELECT pg_backend_pid() AS pid")));
  const [row] = await adminQuery(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'idle in transaction' AND pid = ANY ($1)",
    [pids.map(([first]) => first?.["pid"])],
  );
  return row;
}

onPostgres(`${OPEN_COUNT} open transactions of callers (MILLRACE_SEED=${SEED})`, (bench) => {
  it(`keep none of ${ENQUEUE_COUNT} enqueues of their scope waiting, and are numbered as they commit`, async () => {
    const chance = chanceFrom(SEED);
    const mills = [await bench().open(), await bench().open(), await bench().open()] as const;
    const millOf = (n: number) => mills[n % mills.length] ?? mills[0];
    const open: Open[] = [];
    for (let n = 0; n < OPEN_COUNT; n++) {
      const caller = await bench().caller();
      await caller.query("BEGIN; SET LOCAL lock_timeout = '5s'");
      const count = 1 + Math.floor(chance() * 3);
      const items = Array.from({ length: count }, () => ({ kind: "late" }));
      const jobs = await millOf(n).enqueueMany(items, { tx: caller.tx });
      open.push({ caller, jobs, end: n < ROLLBACK_COUNT ? "ROLLBACK" : "COMMIT" });
    }

    const prompt = await Promise.all(Array.from({ length: ENQUEUE_COUNT }, (_, n) => millOf(n).enqueue("prompt")));
    expect(await openCount(open)).toEqual({ n: OPEN_COUNT });
    const given = prompt.map(({ number }) => number ?? 0).toSorted((a, b) => a - b);
    expect(given).toEqual(Array.from({ length: ENQUEUE_COUNT }, (_, n) => n + 1));

    const committed: string[] = [];
    for (const { caller, jobs, end } of shuffled(open, chance)) {
      await caller.query(end);
      if (end === "COMMIT") committed.push(...jobs.map(({ id }) => id));
      if (chance() < 0.2) committed.push((await millOf(committed.length).enqueue("prompt")).id);
    }
    const numbers = await Promise.all(committed.map(async (id) => (await mills[0].get(id))?.number));
    expect(numbers).toEqual(committed.map((_, n) => ENQUEUE_COUNT + 1 + n));
    const { queued } = await mills[0].counts();
    expect(queued).toBe(ENQUEUE_COUNT + committed.length);
  });
});
