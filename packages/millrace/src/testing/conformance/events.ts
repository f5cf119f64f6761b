import assert from "node:assert/strict";
import type { JobEvent, JobEventType } from "../../core/event.ts";
import type { JobId } from "../../core/job.ts";
import type { Change, ChangeStore, Store } from "../../core/store.ts";
import { claimOne, enqueueAll, enqueueOne, moves, ORG, refOf, requests, settleOne } from "../factory.ts";
import { casesOf } from "../harness.ts";

export const eventCases = casesOf("events", [
  {
    name: "the stream tells all that happened to a job, in order, with its facts",
    guarantees: [],
    async run({ store, clock }) {
      const { cursor: start, events: none } = await store.events(ORG, null, 100);
      assert.deepEqual(none, [], "it starts at the present");
      const job = await enqueueOne(store, { maxAttempts: 5, scope: "repo/1", createdBy: "ann" });
      const leaseMs = 1_000;
      await settleOne(store, await claimOne(store, { leaseMs }), moves.retry(10));
      clock.advance(10);
      await store.promote(10);
      await settleOne(store, await claimOne(store, { leaseMs }), moves.snooze(10));
      clock.advance(10);
      await store.promote(10);
      await settleOne(store, await claimOne(store, { leaseMs }), moves.release());
      await claimOne(store, { leaseMs });
      clock.advance(leaseMs + 1);
      await store.rescue(10);
      await settleOne(store, await claimOne(store, { leaseMs }), moves.complete());
      const { events } = await store.events(ORG, start, 100);
      assert.deepEqual(typesOf(events), [
        "enqueued",
        "started",
        "retrying",
        "started",
        "snoozed",
        "started",
        "released",
        "started",
        "lost",
        "started",
        "completed",
      ]);
      for (const { job: id, number, scope, queue, kind, createdBy } of events) {
        const facts = [job.id, 1, "repo/1", job.queue, job.kind, job.createdBy];
        assert.deepEqual([id, number, scope, queue, kind, createdBy], facts);
      }
      assert.deepEqual([events[0]?.at, events.at(-1)?.at], [job.createdAt, clock.date()]);
    },
  },
  {
    name: "every end is an event, and a cancel is two when the job runs",
    guarantees: ["G7"],
    async run({ store, clock }) {
      const { cursor } = await store.events(ORG, null, 1);
      const [waiting, running, failing, dying] = await enqueueAll(store, requests(4, { maxAttempts: 1 }));
      assert.ok(waiting && running && failing && dying);
      const request = { by: null, reason: null };
      await store.cancel([{ id: waiting.id, ...request }]);
      const claim = await claimOne(store);
      await store.cancel([{ id: running.id, ...request }]);
      await settleOne(store, claim, moves.complete());
      await settleOne(store, await claimOne(store), moves.fail());
      await claimOne(store, { leaseMs: 1_000 });
      clock.advance(1_001);
      await store.rescue(10);
      const { events } = await store.events(ORG, cursor, 100);
      const typesById = (id: JobId): JobEventType[] => typesOf(events.filter((event) => event.job === id));
      assert.deepEqual(typesById(waiting.id), ["enqueued", "cancelled"]);
      assert.deepEqual(typesById(running.id), ["enqueued", "started", "cancel_requested", "cancelled"]);
      assert.deepEqual(typesById(failing.id), ["enqueued", "started", "failed"]);
      const ofDying = typesById(dying.id);
      assert.deepEqual([ofDying[0], ofDying[1], ofDying.at(-1)], ["enqueued", "started", "failed"]);
    },
  },
  {
    name: "reading on from any event misses none and repeats none",
    guarantees: [],
    async run({ store }) {
      const { cursor: start } = await store.events(ORG, null, 1);
      await enqueueAll(store, requests(10));
      for (let i = 0; i < 10; i++) await settleOne(store, await claimOne(store), moves.complete());
      const whole = (await store.events(ORG, start, 1_000)).events;
      assert.equal(whole.length, 30);
      for (const limit of [1, 7, 30]) {
        assert.deepEqual((await readOn(store, start, limit)).map(factsOf), whole.map(factsOf), `in pages of ${limit}`);
      }
      for (const [index, event] of whole.entries()) {
        const { events } = await store.events(ORG, event.cursor, 1_000);
        assert.deepEqual(events.map(factsOf), whole.slice(index + 1).map(factsOf), `after ${event.cursor}`);
      }
    },
  },
  {
    name: "what is called behind the question where the present is happens behind it",
    guarantees: ["G11"],
    async run({ store }) {
      for (let round = 0; round < 20; round++) {
        const asked = store.events(ORG, null, 0);
        const enqueued = enqueueOne(store);
        const [{ cursor }, { id }] = await Promise.all([asked, enqueued]);
        const { events } = await store.events(ORG, cursor, 100);
        assert.deepEqual(
          events.map(({ job, type }) => [job, type]),
          [[id, "enqueued"]],
          `in round ${round}`,
        );
      }
    },
  },
  {
    name: "a repeated or a refused call is no event",
    guarantees: ["G6"],
    async run({ store }) {
      const job = await enqueueOne(store, { key: "k" });
      const claim = await claimOne(store);
      await settleOne(store, claim, moves.complete());
      const { cursor } = await store.events(ORG, null, 1);
      await settleOne(store, claim, moves.complete());
      await settleOne(store, claim, moves.fail());
      await store.cancel([{ id: job.id, by: null, reason: null }]);
      await store.heartbeat("worker-1", [refOf(claim)], 1_000);
      await store.rescue(10);
      assert.deepEqual((await store.events(ORG, cursor, 100)).events, []);
    },
  },
  {
    name: "an organisation hears nothing of another",
    guarantees: ["G8"],
    async run({ store }) {
      const { cursor } = await store.events("umbrella", null, 1);
      await enqueueOne(store);
      assert.deepEqual((await store.events("umbrella", cursor, 10)).events, []);
      await enqueueOne(store, { org: "umbrella" });
      assert.deepEqual(typesOf((await store.events("umbrella", cursor, 10)).events), ["enqueued"]);
    },
  },
  {
    name: "what one connection does another one reads, in the order of the commits",
    guarantees: [],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const another = await openAnother();
      const { cursor } = await store.events(ORG, null, 1);
      await enqueueOne(another);
      await enqueueOne(store);
      const claim = await claimOne(another);
      await settleOne(store, claim, moves.complete());
      const { events } = await store.events(ORG, cursor, 10);
      assert.deepEqual(typesOf(events), ["enqueued", "enqueued", "started", "completed"]);
      assert.deepEqual((await another.events(ORG, cursor, 10)).events.map(factsOf), events.map(factsOf));
    },
  },
  {
    name: "a listener is woken by its own process: ready, scheduled, cancel, events",
    guarantees: ["G9"],
    async run({ store }) {
      const { id } = await heard(store, "ready", async () => enqueueOne(store));
      await heard(store, "scheduled", async () => enqueueOne(store, { delayMs: 1_000 }));
      const claim = await claimOne(store);
      await heard(store, "cancel", async () => store.cancel([{ id, by: null, reason: null }]));
      await heard(store, "events", async () => settleOne(store, claim, moves.complete()));
    },
  },
  {
    name: "a listener is woken by another connection, and by its end no more",
    guarantees: ["G9"],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const another = await openAnother();
      let calls = 0;
      const stop = store.onChange(() => void calls++);
      await heard(store, "ready", async () => enqueueOne(another));
      assert.ok(calls > 0, "every listener is called");
      stop();
      stop();
      const before = calls;
      await heard(store, "ready", async () => enqueueOne(another));
      assert.equal(calls, before);
    },
  },
]);

/** Progress may be told or not, and as often as a store likes. */
function typesOf(events: readonly JobEvent[]): JobEventType[] {
  return events.map(({ type }) => type).filter((type) => type !== "progress");
}

/** All but the cursor: how a store names a place may depend on when it was read. */
function factsOf({ cursor: _cursor, ...facts }: JobEvent): Omit<JobEvent, "cursor"> {
  return facts;
}

async function readOn(store: Store, start: string, limit: number): Promise<readonly JobEvent[]> {
  const all: JobEvent[] = [];
  for (let after = start; ;) {
    const { events, cursor } = await store.events(ORG, after, limit);
    if (events.length === 0) return all;
    assert.ok(events.length <= limit, "a page is no longer than asked for");
    assert.equal(cursor, events.at(-1)?.cursor, "the cursor of a page is that of its last event");
    all.push(...events);
    after = cursor;
  }
}

/** Waits until a listener has heard of the change that `work` brings. */
async function heard<T>(store: ChangeStore, change: Change, work: () => Promise<T>): Promise<T> {
  const woken = Promise.withResolvers<void>();
  const stop = store.onChange((changes) => {
    if (changes.has(change)) woken.resolve();
  });
  const result = await work();
  await woken.promise;
  stop();
  return result;
}
