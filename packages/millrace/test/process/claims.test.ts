import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { Store } from "../../src/core/store.ts";
import { enqueueAll, requests } from "../../src/testing/factory.ts";
import { allDo, onNewFile, RUNS, startCrew, type Child } from "./claims-crew.ts";

const PROCESSES = 5;
const LIMIT_MS = 60_000 + RUNS * 10_000;

describe("claims from several processes on one file", () => {
  let crew: readonly Child[] = [];
  beforeAll(async () => {
    crew = await startCrew(PROCESSES);
  });
  afterAll(async () => {
    await Promise.all(crew.map(async (child) => child.end()));
  });

  test.for([
    { workers: 20, jobs: 10 },
    { workers: 10, jobs: 1 },
    { workers: 100, jobs: 1 },
    { workers: 20, jobs: 200 },
  ])(
    `$workers workers race for $jobs jobs: each job has one winner, ${RUNS} times`,
    { timeout: LIMIT_MS },
    async ({ workers, jobs }) => {
      for (let round = 0; round < RUNS; round++) await race(crew, workers, jobs);
    },
  );
});

describe("a claim without a guard", () => {
  test("is found out by the same race", { timeout: LIMIT_MS }, async () => {
    const crew = await startCrew(PROCESSES);
    const bug = "claim reads the queued row in one transaction and updates it, unguarded, in the next";
    await assert.rejects(async () => {
      for (let round = 0; round < 20; round++) await race(crew, 10, 1, bug);
    }, /exactly one worker/);
    await Promise.all(crew.map((child) => child.end()));
  });
});

describe("numbers from several processes on one file", () => {
  let crew: readonly Child[] = [];
  beforeAll(async () => {
    crew = await startCrew(8);
  });
  afterAll(async () => {
    await Promise.all(crew.map(async (child) => child.end()));
  });

  test(`8 producers of 500 jobs each: numbers 1 to 4000, ${RUNS} times`, { timeout: LIMIT_MS }, async () => {
    for (let round = 0; round < RUNS; round++) await produce(crew, 500, 25);
  });

  test(`8 producers, one call after the other: numbers 1 to 400, ${RUNS} times`, { timeout: LIMIT_MS }, async () => {
    for (let round = 0; round < RUNS; round++) await produce(crew, 50, 1);
  });
});

/** Several, so that the workers of one process compete too; not one for each, which no program would open. */
function connectionsFor(workers: readonly string[]): number {
  return Math.min(workers.length, 4);
}

async function race(crew: readonly Child[], workers: number, jobs: number, bug?: string): Promise<void> {
  const work = async (store: Store, file: string): Promise<void> => {
    const enqueued = await enqueueAll(store, requests(jobs));
    const names = Array.from({ length: workers }, (_, n) => `worker-${n}`);
    const shareOf = (index: number): string[] => names.filter((_, n) => n % crew.length === index);
    const broken = bug === undefined ? {} : { bug };
    await allDo(crew, (index) => ({ task: "open", file, connections: connectionsFor(shareOf(index)), ...broken }));
    const answers = await allDo(crew, (index) => ({ task: "claim", workers: shareOf(index) }));
    const claimed = answers.flatMap((answer) => answer.claimed ?? []);
    await allDo(crew, () => ({ task: "close" }));
    assert.deepEqual(
      claimed.map(({ job }) => job).toSorted(),
      enqueued.map(({ id }) => id).toSorted(),
      "each job was handed to exactly one worker",
    );
    const held = await store.get(claimed.map(({ job }) => job));
    assert.deepEqual(
      held.map((job) => [job?.state, job?.worker, job?.attempt]),
      claimed.map(({ worker }) => ["running", worker, 1]),
      "and the store names the same winner",
    );
  };
  await onNewFile(work, { isMeantToFail: bug !== undefined });
}

async function produce(crew: readonly Child[], each: number, parallel: number): Promise<void> {
  await onNewFile(async (store, file) => {
    const jobs = each * crew.length;
    await allDo(crew, () => ({ task: "open", file, connections: 1 }));
    const answers = await allDo(crew, () => ({ task: "enqueue", jobs: each, parallel }));
    await allDo(crew, () => ({ task: "close" }));
    const numbers = answers.flatMap((answer) => answer.numbers ?? []);
    assert.deepEqual(
      numbers.toSorted((a, b) => a - b),
      Array.from({ length: jobs }, (_, n) => n + 1),
      "no gap and no repeat",
    );
    for (const { numbers: mine = [] } of answers) {
      assert.deepEqual(
        mine,
        mine.toSorted((a, b) => a - b),
        "each producer sees its own numbers rise",
      );
    }
    assert.equal((await store.counts({})).queued, jobs);
  });
}
