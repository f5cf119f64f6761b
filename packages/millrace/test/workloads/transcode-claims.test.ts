import type { Job, JobEvent } from "millrace";
import { expect, test } from "vitest";
import { openAt } from "../process/open-at.ts";
import type { Round } from "./round.ts";
import { inEachSetUp, RUNS, type SetUpName } from "./set-ups.ts";
import * as acts from "./transcode-acts.ts";

/** A fleet works for servers; the same races of processes on a store itself are for a long look. */
const USUAL: readonly SetUpName[] = ["one process", "one server", "two servers"];
const SET_UPS: readonly SetUpName[] = RUNS < 100 ? USUAL : [...USUAL, "processes on a file", "processes on PostgreSQL"];

/** How many jobs are worked off in order. */
const MANY = RUNS < 100 ? 120 : 1_000;
const RACES = 20;

const listOf = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
const sorted = (numbers: readonly (number | null)[]): number[] =>
  numbers.filter((number) => number !== null).toSorted((a, b) => a - b);
const keyOf = ({ servers, apiKey }: Round): string | null => (servers.length === 0 ? null : apiKey);
const tenWorkers = (round: Round): acts.Claiming[] => listOf(10, () => ({ key: keyOf(round), labels: ["cpu"] }));

inEachSetUp((setUp) => {
  test(
    `AT1 AT2 AT3 AT5 AT6 120 creates at once, jobs in their order and each to one worker, ${RACES} races; ${RUNS} times`,
    { timeout: setUp.limitMs },
    () =>
      setUp.run(async (round) => {
        await at1CreatesAtOnce(round);
        await at3InOrder(round);
        await at2OneWinner(round);
        await at6NobodyHeldUp(round);
        await at5OneEnd(round);
      }),
  );
}, SET_UPS);

/** Over three lines with one series of numbers. */
async function at1CreatesAtOnce(round: Round): Promise<void> {
  const anyJob = (): acts.LineJob => {
    const queue = acts.LINES[Math.floor(round.chance() * 3)] ?? "batch";
    return { queue, priority: Math.floor(round.chance() * 3) * 10 - 10 };
  };
  const inputs = listOf(120, (n) => listOf(Math.ceil((MANY - n) / 120), anyJob));
  const numbers = (await round.all(acts, "enqueueAll", inputs)).flat();
  expect(sorted(numbers)).toEqual(listOf(MANY, (n) => n + 1));
}

/**
 * A worker alone takes one half by line, then by priority, then as they came; what came in the same millisecond may have
 * come in either order. Ten workers take the other half, each job once.
 */
async function at3InOrder(round: Round): Promise<void> {
  const { jobs } = await round.mill.list({ scope: acts.SCOPE }, { limit: 1_000 });
  const turnOf = ({ queue, priority, runAt }: Job): string =>
    `${acts.LINES.findIndex((line) => line === queue)} ${10 - priority} ${runAt.toISOString()}`;
  const turns = new Map(jobs.map((job) => [job.number, turnOf(job)]));
  const [alone = []] = await round.all(acts, "workOff", [{ key: keyOf(round), most: MANY / 2 }]);
  const inTurn = [...turns.values()].toSorted();
  expect(alone.map((number) => turns.get(number))).toEqual(inTurn.slice(0, MANY / 2));

  const others = (await round.all(acts, "workOff", tenWorkers(round))).flat();
  expect(sorted([...alone, ...others])).toEqual(sorted([...turns.keys()]));
}

async function at2OneWinner(round: Round): Promise<void> {
  const [only] = await round.all(acts, "enqueueAll", [[{ queue: "live" }]]);
  const won = await round.all(acts, "claimOnce", tenWorkers(round));
  expect(won.filter((number) => number !== null)).toEqual(only);

  const [twenty = []] = await round.all(acts, "enqueueAll", [listOf(20, () => ({ queue: "default" }) as const)]);
  const claimed = await round.all(acts, "claimOnce", tenWorkers(round));
  expect(new Set(claimed).size).toBe(10);
  expect(twenty).toEqual(expect.arrayContaining([...claimed]));
}

/** Ten jobs of those before are left; ten come that nobody can run, and fifty that all can. */
async function at6NobodyHeldUp(round: Round): Promise<void> {
  const needGpu = listOf(10, () => ({ queue: "default", requires: ["gpu=nvenc"], priority: 10 }) as const);
  const needCpu = listOf(50, () => ({ queue: "batch", requires: ["cpu"] }) as const);
  await round.all(acts, "enqueueAll", [needGpu]);
  const [fifty = []] = await round.all(acts, "enqueueAll", [needCpu]);
  const done = (await round.all(acts, "workOff", tenWorkers(round))).flat();
  expect([done.length, new Set(done).size]).toEqual([60, 60]);
  expect(done).toEqual(expect.arrayContaining([...fifty]));

  const { jobs } = await round.mill.list({ state: "queued" });
  expect(jobs.map(({ requires }) => requires)).toEqual(needGpu.map(({ requires }) => requires));
  const { sentences } = await round.mill.explain((jobs[0] as Job).id);
  expect(sentences.join(" ")).toContain('has the label "gpu=nvenc"');
}

/** Completion, cancel and the end of the lease at the same moment. */
async function at5OneEnd(round: Round): Promise<void> {
  await round.all(acts, "enqueueAll", [listOf(RACES, () => ({ queue: "live" }) as const)]);
  const ids = (await round.mill.list({ queue: "live", state: "queued" })).jobs.map(({ id }) => id);
  const store = await openAt(round.store);
  try {
    const { cursor } = await store.events("default", null, 0);
    const [at = 0] = await round.all(acts, "hold", [{ key: keyOf(round), count: RACES, leaseMs: 400 }]);
    const parts = (["complete", "cancel", "expire"] as const).map((does) => ({ does, ids, at }));
    const [completions = [], cancels = []] = await round.all(acts, "race", parts);
    await store.rescue(RACES);

    const { events } = await store.events("default", cursor, 1_000);
    for (const [n, id] of ids.entries()) {
      const job = (await round.mill.get(id)) as Job;
      const isCompleted = job.state === "completed";
      expect(["completed", "cancelled"]).toContain(job.state);
      expect(endsOf(events, job)).toEqual([job.state]);
      // Whose first answer was lost and who says it again is told the same.
      expect(completions[n]?.map((status) => status === "settled")).toEqual([isCompleted, isCompleted]);
      expect(cancels[n]?.[0] === "state_conflict").toBe(isCompleted);
    }
  } finally {
    await store.close();
  }
}

function endsOf(events: readonly JobEvent[], { id }: Job): readonly string[] {
  const ends = events.filter(({ job, type }) => job === id && ["completed", "failed", "cancelled"].includes(type));
  return ends.map(({ type }) => type);
}
