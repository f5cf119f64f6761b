import { expect, test } from "vitest";
import type { NewItem } from "../../../../examples/forge/items.ts";
import * as acts from "./forge-acts.ts";
import type { Round } from "./round.ts";
import { inEachSetUp, RUNS, type SetUpName } from "./set-ups.ts";

/** Where callers reach the database themselves; over HTTP nobody has a transaction to be in. */
const ON_THE_STORE: readonly SetUpName[] = ["one process", "processes on a file", "processes on PostgreSQL"];
const OVER_HTTP: readonly SetUpName[] = ["one server", "two servers"];

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);
const sorted = (numbers: readonly (number | null)[]): number[] =>
  numbers.filter((number) => number !== null).toSorted((a, b) => a - b);
const listOf = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
const itemIn = (repository: string, fails = false): NewItem => ({ repository, kind: "issue", title: "one", fails });

/** Make the forge's table, and open it in each process of the crew. */
async function makeReady(round: Round): Promise<void> {
  await (await acts.openForgeAt(round.store)).close();
  await round.all(
    acts,
    "getReady",
    listOf(8, () => undefined),
  );
}

async function rowsOf(round: Round, repository: string): Promise<readonly number[]> {
  const forge = await acts.openForgeAt(round.store);
  try {
    return await forge.numbers(repository);
  } finally {
    await forge.close();
  }
}

inEachSetUp((setUp) => {
  const { limitMs: timeout } = setUp;

  test.for([10, 20, 120])(`ET1 %i parallel creates: 1 to n, no gap; ${RUNS} times`, { timeout }, (count) =>
    setUp.run(async (round) => {
      await makeReady(round);
      const answers = await round.all(
        acts,
        "createAll",
        listOf(count, () => [itemIn("a")]),
      );
      expect(sorted(answers.flat())).toEqual(upTo(count));
      expect(await rowsOf(round, "a")).toEqual(upTo(count));
    }),
  );

  test(`ET2 120 parallel, every twelfth rolled back: 110 rows, 1 to 110; ${RUNS} times`, { timeout }, () =>
    setUp.run(async (round) => {
      await makeReady(round);
      const answers = await round.all(
        acts,
        "createAll",
        listOf(120, (n) => [itemIn("a", n % 12 === 11)]),
      );
      expect(sorted(answers.flat())).toEqual(upTo(110));
      expect(await rowsOf(round, "a")).toEqual(upTo(110));
    }),
  );

  const runs = Math.ceil(RUNS / 5);
  test(`ET3 120 clients of 50 creates each: 1 to 6000, no error; ${runs} times`, { timeout: timeout * 2 }, () =>
    setUp.run(
      async (round) => {
        await makeReady(round);
        const clients = listOf(120, () => listOf(50, () => itemIn("a")));
        expect(sorted((await round.all(acts, "createAll", clients)).flat())).toEqual(upTo(6_000));
        expect(await rowsOf(round, "a")).toEqual(upTo(6_000));
      },
      { runs },
    ),
  );

  test(`ET4 10 repositories of 100 creates each, all at once: each 1 to 100; ${RUNS} times`, { timeout }, () =>
    setUp.run(async (round) => {
      await makeReady(round);
      const repositories = listOf(10, (n) => `repository-${n}`);
      const clients = listOf(100, (n) => listOf(10, (m) => itemIn(repositories[(n + m) % 10] ?? "")));
      await round.all(acts, "createAll", clients);
      for (const repository of repositories) expect(await rowsOf(round, repository)).toEqual(upTo(100));
    }),
  );
}, ON_THE_STORE);

inEachSetUp((setUp) => {
  const { limitMs: timeout } = setUp;

  test.for([10, 20, 120])(`ET1 %i parallel enqueues in one scope: 1 to n; ${RUNS} times`, { timeout }, (count) =>
    setUp.run(async (round) => {
      const answers = await round.all(
        acts,
        "enqueueAll",
        listOf(count, () => ["a"]),
      );
      expect(sorted(answers.flat())).toEqual(upTo(count));
    }),
  );

  test(`ET4 10 scopes of 100 enqueues each, all at once: each 1 to 100; ${RUNS} times`, { timeout }, () =>
    setUp.run(async (round) => {
      const clients = listOf(100, (n) => listOf(10, (m) => `scope-${(n + m) % 10}`));
      const answers = await round.all(acts, "enqueueAll", clients);
      for (const scope of listOf(10, (n) => `scope-${n}`)) {
        const numbers = answers.flatMap((mine, n) => mine.filter((_, m) => clients[n]?.[m] === scope));
        expect(sorted(numbers)).toEqual(upTo(100));
      }
    }),
  );
}, OVER_HTTP);
