import assert from "node:assert/strict";
import { DEFAULT_BACKOFF } from "../../core/backoff.ts";
import type { Store } from "../../core/store.ts";
import {
  aRequest,
  aWorker,
  claimOne,
  claimSome,
  enqueueAll,
  enqueueOne,
  moves,
  ORG,
  read,
  requests,
  settleOne,
} from "../factory.ts";
import { casesOf, type ConformanceBench } from "../harness.ts";

const IN_TURN = { order: "turns" } as const;

const RACES = 5;

interface Racer {
  readonly store: Store;
  readonly worker: string;
}

export const claimCases = casesOf("claim", [
  {
    name: "a claim moves a job to running and hands out a lease with a token",
    guarantees: ["G1"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store, { payload: '{"to":"x"}' });
      clock.advance(40);
      const { lease, job } = await claimOne(store, { leaseMs: 7_000 });
      assert.equal(lease.job, id);
      assert.equal(lease.attempt, 1);
      assert.ok(lease.token >= 1, "a token is there, and positive");
      assert.deepEqual(lease.expiresAt, clock.date(7_000), "by the store's clock");
      assert.deepEqual([job.state, job.attempt, job.worker, job.startedAt], ["running", 1, "worker-1", clock.date()]);
      assert.deepEqual(job.payload, { to: "x" });
      assert.deepEqual(await read(store, id), job, "claim and get answer the same");
    },
  },
  {
    name: "a claimed job is not claimed again, by anyone",
    guarantees: ["G1"],
    async run({ store }) {
      await enqueueOne(store);
      await claimOne(store);
      assert.deepEqual(await claimSome(store, 10), []);
      assert.deepEqual(await claimSome(store, 10, { worker: "worker-2" }), []);
    },
  },
  {
    name: "twenty workers on connections of their own share ten jobs, each job once",
    guarantees: ["G1"],
    needs: ["isShared"],
    run: async (bench) => raceForJobs(bench, 20, 10),
  },
  {
    name: "ten workers on connections of their own race for one job, and one wins",
    guarantees: ["G1"],
    needs: ["isShared"],
    run: async (bench) => raceForJobs(bench, 10, 1),
  },
  {
    name: "a hundred claims at once on one connection race for one job, and one wins",
    guarantees: ["G1"],
    async run({ store }) {
      const { id } = await enqueueOne(store);
      await store.registerWorker(aWorker());
      const claims = await Promise.all(Array.from({ length: 100 }, async () => claimNow(store, "worker-1")));
      assert.deepEqual(claims.flat(), [id]);
    },
  },
  {
    name: "a claim answers at most as many as it may, and what there is",
    guarantees: [],
    async run({ store }) {
      await enqueueAll(store, requests(5));
      assert.equal((await claimSome(store, 3)).length, 3);
      assert.equal((await claimSome(store, 3)).length, 2);
      assert.deepEqual(await claimSome(store, 3), []);
    },
  },
  {
    name: "first in is first out, one by one and by the batch",
    guarantees: ["G12"],
    async run({ store, clock }) {
      const ids: string[] = [];
      for (let i = 0; i < 12; i++) {
        ids.push((await enqueueOne(store)).id);
        if (i % 3 === 0) clock.advance(1);
      }
      const claimed = [await claimOne(store), await claimOne(store), ...(await claimSome(store, 10))];
      assert.deepEqual(
        claimed.map(({ job }) => job.id),
        ids,
      );
    },
  },
  {
    name: "a higher priority goes first, and inside one priority the first in",
    guarantees: ["G12"],
    async run({ store }) {
      const priorities = [0, 5, -3, 5, 0, 100, -3];
      const jobs = await enqueueAll(
        store,
        priorities.map((priority) => aRequest({ priority })),
      );
      const wanted = [5, 1, 3, 0, 4, 2, 6].map((index) => jobs[index]?.id);
      const claimed = [await claimOne(store), ...(await claimSome(store, 3)), ...(await claimSome(store, 10))];
      assert.deepEqual(
        claimed.map(({ job }) => job.id),
        wanted,
      );
    },
  },
  {
    name: "inside one priority the earlier due time goes first, whenever it was enqueued",
    guarantees: ["G12"],
    async run({ store, clock }) {
      const late = await enqueueOne(store, { delayMs: 2_000 });
      const soon = await enqueueOne(store, { delayMs: 1_000 });
      clock.advance(5_000);
      const present = await enqueueOne(store);
      await store.promote(10);
      const claimed = await claimSome(store, 10);
      assert.deepEqual(
        claimed.map(({ job }) => job.id),
        [soon.id, late.id, present.id],
      );
    },
  },
  {
    name: "a claim sees its own organisation's jobs only",
    guarantees: ["G8"],
    async run({ store }) {
      await enqueueOne(store, { org: "umbrella" });
      assert.deepEqual(await claimSome(store, 10), []);
      const claim = await claimOne(store, { org: "umbrella", worker: "worker-u" });
      assert.equal(claim.job.org, "umbrella");
    },
  },
  {
    name: "a scheduled job is not claimed before it is due",
    guarantees: ["G12"],
    async run({ store, clock }) {
      await enqueueOne(store, { delayMs: 1_000 });
      clock.advance(999);
      await store.promote(10);
      assert.deepEqual(await claimSome(store, 10), []);
      clock.advance(1);
      await store.promote(10);
      await claimOne(store);
    },
  },
  {
    name: "a claim carries what its queue says of backoff and time limit, beside what the job says",
    guarantees: [],
    async run({ store }) {
      const own = { type: "fixed", delayMs: 11 } as const;
      const queues = { type: "exponential", delayMs: 22, factor: 3 } as const;
      await store.configureQueue(ORG, "set", { settings: { backoff: queues, timeoutMs: 4_000 } });
      await enqueueOne(store, { queue: "set", backoff: own, timeoutMs: 3_000 });
      await enqueueOne(store, { queue: "unset" });
      const set = await claimOne(store, { queues: "set" });
      assert.deepEqual([set.job.backoff, set.job.timeoutMs], [own, 3_000]);
      assert.deepEqual(set.queue, { backoff: queues, timeoutMs: 4_000 });
      const unset = await claimOne(store, { queues: "unset" });
      assert.deepEqual([unset.job.backoff, unset.job.timeoutMs], [null, null]);
      assert.deepEqual(unset.queue, { backoff: DEFAULT_BACKOFF, timeoutMs: null });
    },
  },
  {
    name: "every claim of a job gets a higher token than the one before, whatever ended it",
    guarantees: ["G2"],
    async run({ store, clock }) {
      await enqueueOne(store, { maxAttempts: 50 });
      const tokens: number[] = [];
      const endings = [moves.release(), moves.snooze(10), moves.retry(10), moves.release(), moves.snooze(0), null];
      for (const move of [...endings, ...endings]) {
        const claim = await claimOne(store, { leaseMs: 100 });
        tokens.push(claim.lease.token);
        if (move !== null) assert.equal(await settleOne(store, claim, move), "settled");
        clock.advance(101);
        await store.rescue(10);
        await store.promote(10);
      }
      const sorted = [...new Set(tokens)].toSorted((a, b) => a - b);
      assert.deepEqual(tokens, sorted, "each token is above the last");
    },
  },
]);

async function claimNow(store: Store, worker: string): Promise<string[]> {
  const labels: ReadonlySet<string> = new Set();
  const claims = await store.claim({ org: ORG, worker, queues: IN_TURN, labels, max: 1, leaseMs: 30_000 });
  return claims.map(({ job }) => job.id);
}

/** Each worker claims one at a time until it finds nothing; together they must have had each job exactly once. */
async function raceForJobs(bench: ConformanceBench, workers: number, jobs: number): Promise<void> {
  const racers: Racer[] = [];
  for (let i = 0; i < workers; i++) {
    const worker = `racer-${i}`;
    const store = await bench.openAnother();
    await store.registerWorker(aWorker({ id: worker }));
    racers.push({ store, worker });
  }
  // In the first some may still be connecting; later all run at once.
  for (let round = 1; round <= RACES; round++) {
    const enqueued = await enqueueAll(bench.store, requests(jobs));
    const won = await Promise.all(racers.map(claimUntilEmpty));
    assert.deepEqual(
      won.flat().toSorted(),
      enqueued.map(({ id }) => id).toSorted(),
      "each job was handed to exactly one worker",
    );
    assert.equal((await bench.store.counts({})).running, round * jobs);
  }
}

async function claimUntilEmpty({ store, worker }: Racer): Promise<string[]> {
  const mine: string[] = [];
  for (let next = await claimNow(store, worker); next.length > 0; next = await claimNow(store, worker)) {
    mine.push(...next);
  }
  return mine;
}
