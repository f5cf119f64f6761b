import assert from "node:assert/strict";
import type { Job } from "../../core/job.ts";
import { JOB_STATES } from "../../core/states.ts";
import type { JobFilter, Store } from "../../core/store.ts";
import {
  aRequest,
  claimOne,
  claimSome,
  enqueueAll,
  enqueueOne,
  moves,
  ORG,
  refOf,
  requests,
  settleOne,
} from "../factory.ts";
import { casesOf } from "../harness.ts";

export const listCases = casesOf("list", [
  {
    name: "newest first, and pages of any size join to the whole list",
    guarantees: [],
    async run({ store, clock }) {
      const ids: string[] = [];
      for (let i = 0; i < 25; i++) {
        ids.unshift((await enqueueOne(store)).id);
        if (i % 4 === 0) clock.advance(3);
      }
      await claimSome(store, 7);
      for (const limit of [1, 10, 24, 25, 100]) {
        const jobs = await wholeList(store, {}, limit);
        assert.deepEqual(
          jobs.map(({ id }) => id),
          ids,
          `in pages of ${limit}`,
        );
      }
    },
  },
  {
    name: "a page is not moved by jobs that come meanwhile",
    guarantees: [],
    async run({ store }) {
      const jobs = await enqueueAll(store, requests(6));
      const first = await store.list({}, { limit: 3, cursor: null });
      await enqueueAll(store, requests(4));
      const second = await store.list({}, { limit: 3, cursor: first.nextCursor });
      assert.deepEqual(
        [...first.jobs, ...second.jobs].map(({ id }) => id),
        jobs.map(({ id }) => id).toReversed(),
      );
      assert.equal(second.nextCursor, null);
    },
  },
  {
    name: "each filter finds exactly its own, and several narrow each other",
    guarantees: ["G8"],
    async run({ store, clock }) {
      const marked = await enqueueOne(store, {
        queue: "video",
        kind: "video.transcode",
        scope: "repo/9",
        group: "movie-12",
        tags: { tier: "gold", beta: "" },
        createdBy: "user-5",
        key: "unique-key-77",
      });
      const claim = await claimOne(store, { queues: "video", worker: "worker-7" });
      const others = await enqueueAll(store, requests(3, { tags: { tier: "lead" } }));
      const foreign = await enqueueOne(store, { org: "umbrella" });
      const hits: JobFilter[] = [
        { queue: "video" },
        { kind: "video.transcode" },
        { scope: "repo/9" },
        { group: "movie-12" },
        { tag: "tier=gold" },
        { tag: "beta" },
        { createdBy: "user-5" },
        { worker: "worker-7" },
        { state: "running" },
        { state: ["running", "completed"] },
        { q: "transc" },
        { q: "que-key-7" },
        { q: "vie-1" },
        { q: marked.id.slice(4, 20) + marked.id.slice(20) },
        { org: ORG, queue: "video", tag: "tier", state: "running" },
      ];
      for (const filter of hits) {
        const shown = JSON.stringify(filter);
        assert.deepEqual(await idsOf(store, filter), [marked.id], shown);
        assert.equal(sum(await store.counts(filter)), 1, `counts of ${shown}`);
      }
      const misses: JobFilter[] = [
        { tag: "tier=gol" },
        { tag: "gold" },
        { q: "%" },
        { q: "v_deo" },
        { group: "movie" },
        { state: [] },
        { org: "umbrella", queue: "video" },
      ];
      for (const filter of misses) assert.deepEqual(await idsOf(store, filter), [], JSON.stringify(filter));
      assert.deepEqual(await idsOf(store, { org: "umbrella" }), [foreign.id]);
      assert.equal((await idsOf(store, { tag: "tier" })).length, 1 + others.length);
      await settleOne(store, claim, moves.retry(1_000));
      assert.deepEqual(await idsOf(store, { worker: "worker-7" }), [marked.id], "while it waits for its retry");
      clock.advance(1_000);
      await store.promote(10);
      await settleOne(store, await claimOne(store, { queues: "video", worker: "worker-7" }), moves.complete());
      assert.deepEqual(await idsOf(store, { worker: "worker-7" }), [marked.id], "the worker of the last attempt");
    },
  },
  {
    name: "counts and lists agree for every state",
    guarantees: ["G3"],
    async run({ store }) {
      await enqueueAll(store, [...requests(9), aRequest({ delayMs: 1_000 }), aRequest({ delayMs: 2_000 })]);
      const claims = await claimSome(store, 6);
      const endings = [moves.complete(), moves.complete(), moves.fail(), moves.cancel()];
      const settlements = claims
        .slice(0, 4)
        .map((claim, i) => ({ ...refOf(claim), move: endings[i] ?? moves.complete() }));
      await store.settle(settlements);
      const counts = await store.counts({});
      assert.deepEqual(counts, {
        blocked: 0,
        scheduled: 2,
        queued: 3,
        running: 2,
        completed: 2,
        failed: 1,
        cancelled: 1,
      });
      for (const state of JOB_STATES) {
        const jobs = await wholeList(store, { state }, 2);
        assert.deepEqual(
          jobs.map((job) => job.state),
          Array<string>(counts[state]).fill(state),
        );
        assert.equal((await store.counts({ state }))[state], counts[state]);
      }
    },
  },
]);

async function wholeList(store: Store, filter: JobFilter, limit: number): Promise<readonly Job[]> {
  const all: Job[] = [];
  for (let cursor: string | null = null; ;) {
    const page = await store.list(filter, { limit, cursor });
    assert.ok(page.jobs.length <= limit, "a page is no longer than asked for");
    all.push(...page.jobs);
    if (page.nextCursor === null) return all;
    cursor = page.nextCursor;
  }
}

async function idsOf(store: Store, filter: JobFilter): Promise<string[]> {
  return (await store.list(filter, { limit: 100, cursor: null })).jobs.map(({ id }) => id);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
