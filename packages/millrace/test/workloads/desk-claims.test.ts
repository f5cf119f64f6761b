import type { Job, Millrace } from "millrace";
import { expect, test } from "vitest";
import * as acts from "./desk-acts.ts";
import { inEachSetUp, RUNS, type SetUpName } from "./set-ups.ts";

/** Jobs are claimed by hand on the store itself; over HTTP there are workers. */
const ON_THE_STORE: readonly SetUpName[] = ["one process", "processes on a file", "processes on PostgreSQL"];
/** Once the whole way; every other time just enough to see that it goes. */
const isLong = RUNS >= 100;
const CROWD = isLong ? 100 : 20;
const LOOPERS = isLong ? 100 : 8;
const LOOPS = isLong ? 20 : 2;
const DEADLINES = isLong ? 10 : 3;
const DEADLINE_MS = 40;

const listOf = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);
const item = { definition: acts.READ, payload: null };

async function allOf(mill: Millrace): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await mill.list({}, { limit: 1_000, cursor: cursor ?? null });
    jobs.push(...page.jobs);
    cursor = page.nextCursor;
  }
  return jobs;
}

inEachSetUp((setUp) => {
  const { limitMs: timeout } = setUp;

  test(
    `BD1 BT1 10 and ${CROWD} callers, one job: one has it; BT2 5 enqueue, 5 complete; BT3 20 claim 50; ${RUNS} times`,
    { timeout },
    () =>
      setUp.run(async (round) => {
        const { mill } = round;
        for (const callers of [10, CROWD]) {
          const { id } = await mill.enqueue(acts.READ, null);
          const tokens = await round.all(acts, "claimThis", listOf(callers, id));
          expect(tokens.filter((token) => token !== null)).toEqual([1]);
        }

        const numbers = (await round.all(acts, "produce", listOf(5, 4))).flat();
        expect(numbers.toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(upTo(22).slice(2));
        const completed = (await round.all(acts, "claimAndComplete", listOf(5, 2))).flat();
        expect([new Set(completed).size, (await mill.counts()).completed]).toEqual([10, 10]);

        await mill.enqueueMany(listOf(40, item));
        const claimed = (await round.all(acts, "claimAll", listOf(20, "docs"))).flat();
        expect([claimed.length, new Set(claimed).size]).toEqual([50, 50]);
      }),
  );

  test(`BT4 ${LOOPERS} claim, complete and retry: every chain of retries is one line; ${RUNS} times`, { timeout }, () =>
    setUp.run(async (round) => {
      const total = LOOPERS * LOOPS;
      await round.mill.enqueueMany(listOf(LOOPERS / 2, item));
      await round.all(acts, "claimCompleteRetry", listOf(LOOPERS, LOOPS));
      const jobs = await allOf(round.mill);
      const retried = jobs.flatMap(({ retryOf }) => (retryOf === null ? [] : [retryOf]));
      expect([retried.length, new Set(retried).size], "no job was retried twice").toEqual([total, total]);
      expect(jobs.filter(({ state }) => state === "completed")).toHaveLength(total);
      expect(
        jobs.every(({ attempt }) => attempt <= 1),
        "no job was claimed twice",
      ).toBe(true);
    }),
  );

  test(`BT5 BD2 ${8 * DEADLINES} completions at the moment of failing: one end each; ${RUNS} times`, { timeout }, () =>
    setUp.run(async (round) => {
      const { mill } = round;
      const jobs = await mill.enqueueMany(listOf(8 * DEADLINES, { ...item, options: { timeoutMs: DEADLINE_MS } }));
      const inputs = upTo(8).map((n) => jobs.slice((n - 1) * DEADLINES, n * DEADLINES).map(({ id }) => id));
      const answers = (await round.all(acts, "completeAtTheEnd", inputs)).flat();
      for (const { id, told } of answers) {
        const job = await mill.get(id);
        expect([told, job?.state]).toEqual(told === "completed" ? [told, "completed"] : ["lease_lost", "failed"]);
        expect(await mill.byHand().lateReports(id)).toHaveLength(told === "completed" ? 0 : 1);
      }
      expect(answers).toHaveLength(jobs.length);
    }),
  );
}, ON_THE_STORE);
