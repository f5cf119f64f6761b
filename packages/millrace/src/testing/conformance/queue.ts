import assert from "node:assert/strict";
import { DEFAULT_QUEUE_SETTINGS } from "../../core/queue.ts";
import {
  aRequest,
  claimOne,
  claimSome,
  enqueueAll,
  enqueueOne,
  moves,
  ORG,
  QUEUE,
  requests,
  settleOne,
} from "../factory.ts";
import { casesOf } from "../harness.ts";

const NOTHING_OPEN = { blocked: 0, scheduled: 0, queued: 0, running: 0 };

export const queueCases = casesOf("queue", [
  {
    name: "a queue has the default settings until some are set, and then the rest of them",
    guarantees: [],
    async run({ store }) {
      const created = await store.configureQueue(ORG, QUEUE, {});
      assert.deepEqual(created, {
        name: QUEUE,
        isPaused: false,
        settings: DEFAULT_QUEUE_SETTINGS,
        counts: NOTHING_OPEN,
        oldestReadyAt: null,
      });
      const change = { isPaused: true, settings: { maxAttempts: 8, retention: { failedMs: null } } };
      await store.configureQueue(ORG, QUEUE, change);
      const { isPaused, settings } = await store.configureQueue(ORG, QUEUE, { settings: { timeoutMs: 900 } });
      assert.equal(isPaused, true, "what is not given stays");
      const retention = { ...DEFAULT_QUEUE_SETTINGS.retention, failedMs: null };
      assert.deepEqual(settings, { ...DEFAULT_QUEUE_SETTINGS, maxAttempts: 8, timeoutMs: 900, retention });
    },
  },
  {
    name: "a paused queue takes jobs and gives none, and what runs goes on",
    guarantees: [],
    async run({ store }) {
      await enqueueAll(store, requests(2));
      const running = await claimOne(store);
      await store.configureQueue(ORG, QUEUE, { isPaused: true });
      await enqueueOne(store);
      await enqueueOne(store, { queue: "other" });
      const others = await claimSome(store, 10);
      assert.deepEqual(
        others.map(({ job }) => job.queue),
        ["other"],
      );
      assert.equal(await settleOne(store, running, moves.complete()), "settled");
      await store.configureQueue(ORG, QUEUE, { isPaused: false });
      assert.equal((await claimSome(store, 10)).length, 2);
    },
  },
  {
    name: "a pause holds on every connection",
    guarantees: [],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const another = await openAnother();
      await enqueueOne(store);
      assert.equal((await claimSome(another, 1)).length, 1, "the other connection has seen the queue");
      await enqueueOne(store);
      await store.configureQueue(ORG, QUEUE, { isPaused: true });
      assert.deepEqual(await claimSome(another, 10), []);
      await another.configureQueue(ORG, QUEUE, { isPaused: false });
      assert.equal((await claimSome(store, 10)).length, 1);
    },
  },
  {
    name: "settings changed on one connection hold on every other",
    guarantees: [],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const another = await openAnother();
      assert.equal((await enqueueOne(another)).maxAttempts, 3);
      await store.configureQueue(ORG, QUEUE, { settings: { maxAttempts: 9, numbered: false } });
      const job = await enqueueOne(another);
      assert.deepEqual([job.maxAttempts, job.number], [9, null]);
    },
  },
  {
    name: "queues are listed with what lies open in them and since when",
    guarantees: [],
    async run({ store, clock }) {
      await enqueueAll(store, requests(2));
      clock.advance(50);
      const oldestReadyAt = clock.date();
      await enqueueAll(store, [...requests(3), aRequest({ delayMs: 9_000 }), aRequest({ queue: "done" })]);
      await settleOne(store, await claimOne(store, { queues: "done" }), moves.complete());
      clock.advance(50);
      await claimSome(store, 2, { queues: QUEUE });
      await enqueueOne(store, { org: "umbrella", queue: "theirs" });
      const queues = await store.queues(ORG);
      const told = queues.map(({ name, counts, oldestReadyAt }) => [name, counts, oldestReadyAt] as const);
      assert.deepEqual(
        told.toSorted(([a], [b]) => a.localeCompare(b)),
        [
          ["done", NOTHING_OPEN, null],
          [QUEUE, { blocked: 0, scheduled: 1, queued: 3, running: 2 }, oldestReadyAt],
        ],
      );
    },
  },
  {
    name: "the queues of two organisations do not touch",
    guarantees: ["G8"],
    async run({ store }) {
      await store.configureQueue("umbrella", QUEUE, { isPaused: true, settings: { maxAttempts: 1 } });
      assert.equal((await enqueueOne(store)).maxAttempts, 3);
      await claimOne(store);
      await enqueueOne(store, { org: "umbrella" });
      assert.deepEqual(await claimSome(store, 1, { org: "umbrella", worker: "u" }), []);
    },
  },
]);
