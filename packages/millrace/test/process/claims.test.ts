import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { Store } from "../../src/core/store.ts";
import { enqueueAll, requests } from "../../src/testing/factory.ts";
import { allDo, onNewStore, RUNS, startCrew, type Child } from "./claims-crew.ts";
import { onEachStore, type StoreKind } from "./store-kinds.ts";

const PROCESSES = 5;
const LIMIT_MS = 60_000 + RUNS * 10_000;

onEachStore((kind) => {
  describe("claims from several processes on one store", () => {
    const crew = aCrewOf(PROCESSES);

    test.for([
      { workers: 20, jobs: 10 },
      { workers: 10, jobs: 1 },
      { workers: 100, jobs: 1 },
      { workers: 20, jobs: 200 },
    ])(
      `$workers workers race for $jobs jobs: each job has one winner, ${RUNS} times`,
      { timeout: LIMIT_MS },
      async ({ workers, jobs }) => {
        for (let round = 0; round < RUNS; round++) await race(kind, crew(), { workers, jobs });
      },
    );
  });

  describe("a claim without a guard", () => {
    const crew = aCrewOf(PROCESSES);

    test("is found out by the same race", { timeout: LIMIT_MS }, async () => {
      await assert.rejects(async () => {
        for (let round = 0; round < 20; round++) {
          await race(kind, crew(), { workers: 10, jobs: 1, isUnguarded: true });
        }
      }, /exactly one worker/);
    });
  });

  describe("numbers from several processes on one store", () => {
    const crew = aCrewOf(8);

    test(`8 producers of 500 jobs each: numbers 1 to 4000, ${RUNS} times`, { timeout: LIMIT_MS }, async () => {
      for (let round = 0; round < RUNS; round++) await produce(kind, crew(), { each: 500, parallel: 25 });
    });

    test(`8 producers, one call after the other: numbers 1 to 400, ${RUNS} times`, { timeout: LIMIT_MS }, async () => {
      for (let round = 0; round < RUNS; round++) await produce(kind, crew(), { each: 50, parallel: 1 });
    });

    test(`120 enqueues at the same time: numbers 1 to 120, ${RUNS} times`, { timeout: LIMIT_MS }, async () => {
      for (let round = 0; round < RUNS; round++) await produce(kind, crew(), { each: 15, parallel: 15 });
    });
  });
});

/** Processes that start before the tests of this block and end after them. */
function aCrewOf(size: number): () => readonly Child[] {
  let crew: readonly Child[] = [];
  beforeAll(async () => {
    crew = await startCrew(size);
  });
  afterAll(async () => {
    await Promise.all(crew.map(async (child) => child.end()));
  });
  return () => crew;
}

/** Several, so that the workers of one process compete too; not one for each, which no program would open. */
function connectionsFor(workers: readonly string[]): number {
  return Math.min(workers.length, 4);
}

interface Race {
  readonly workers: number;
  readonly jobs: number;
  /** Whether the store they run on is broken on purpose. */
  readonly isUnguarded?: boolean;
}

async function race(
  kind: StoreKind,
  crew: readonly Child[],
  { workers, jobs, isUnguarded = false }: Race,
): Promise<void> {
  const work = async (store: Store, url: string): Promise<void> => {
    const enqueued = await enqueueAll(store, requests(jobs));
    const names = Array.from({ length: workers }, (_, n) => `worker-${n}`);
    const shareOf = (index: number): string[] => names.filter((_, n) => n % crew.length === index);
    await allDo(crew, (index) => ({ task: "open", url, connections: connectionsFor(shareOf(index)), isUnguarded }));
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
  await onNewStore(kind, work, { isMeantToFail: isUnguarded });
}

async function produce(
  kind: StoreKind,
  crew: readonly Child[],
  { each, parallel }: { readonly each: number; readonly parallel: number },
): Promise<void> {
  await onNewStore(kind, async (store, url) => {
    const jobs = each * crew.length;
    await allDo(crew, () => ({ task: "open", url, connections: 1 }));
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
