import assert from "node:assert/strict";
import {
  aRequest,
  claimOne,
  enqueueAll,
  enqueueOne,
  moves,
  ORG,
  QUEUE,
  refOf,
  requests,
  settleOne,
} from "../factory.ts";
import { casesOf } from "../harness.ts";

export const numberCases = casesOf("numbers", [
  {
    name: "the jobs of a scope are numbered from 1 in the order they came, each scope for itself",
    guarantees: ["G4"],
    async run({ store }) {
      const scopes = [null, "a", null, "b", "a", null, "a"];
      const jobs = await enqueueAll(
        store,
        scopes.map((scope) => aRequest({ scope })),
      );
      assert.deepEqual(
        jobs.map(({ scope, number }) => [scope, number]),
        [
          [QUEUE, 1],
          ["a", 1],
          [QUEUE, 2],
          ["b", 1],
          ["a", 2],
          [QUEUE, 3],
          ["a", 3],
        ],
      );
      assert.equal((await enqueueOne(store, { scope: "a" })).number, 4);
      assert.equal((await enqueueOne(store, { queue: "other" })).number, 1, "the scope is the queue unless given");
    },
  },
  {
    name: "the scopes of two organisations do not touch",
    guarantees: ["G4", "G8"],
    async run({ store }) {
      const ours = await enqueueOne(store);
      const theirs = await enqueueOne(store, { org: "umbrella" });
      assert.deepEqual([ours.number, theirs.number], [1, 1]);
      assert.equal((await store.findByNumber(ORG, QUEUE, 1))?.id, ours.id);
      assert.equal((await store.findByNumber("umbrella", QUEUE, 1))?.id, theirs.id);
      assert.equal(await store.findByNumber("nobody", QUEUE, 1), null);
      assert.equal(await store.findByNumber(ORG, QUEUE, 2), null);
    },
  },
  {
    name: "scopes and organisations whose names look alike when written together do not touch",
    guarantees: ["G4", "G8"],
    async run({ store }) {
      const places = [
        { org: "a", scope: "b/c", queue: "q" },
        { org: "a/b", scope: "c", queue: "q" },
        { org: "a", scope: "x", queue: "b/q" },
        { org: "a/b", scope: "x", queue: "q" },
      ];
      const jobs = await enqueueAll(
        store,
        places.map((place) => aRequest(place)),
      );
      assert.deepEqual(
        jobs.map(({ org, scope, queue, number }) => [org, scope, queue, number]),
        places.map(({ org, scope, queue }) => [org, scope, queue, 1]),
      );
      assert.deepEqual(await store.get(jobs.map(({ id }) => id)), jobs);
    },
  },
  {
    name: "many connections numbering one scope at once give 1 to n, no gap, no repeat",
    guarantees: ["G4"],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const stores = [store, await openAnother(), await openAnother(), await openAnother()];
      const callers = Array.from({ length: 200 }, (_, n) => stores[n % stores.length] ?? store);
      const jobs = await Promise.all(callers.map(async (each) => enqueueOne(each)));
      assert.deepEqual(
        jobs.map(({ number }) => number ?? 0).toSorted((a, b) => a - b),
        jobs.map((_, n) => n + 1),
      );
    },
  },
  {
    name: "numbers follow the order of the commits: later enqueued, higher numbered",
    guarantees: ["G4"],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const stores = [store, await openAnother()];
      for (let n = 1; n <= 30; n++) {
        assert.equal((await enqueueOne(stores[n % 2] ?? store)).number, n);
      }
    },
  },
  {
    name: "an enqueue that writes nothing burns no number",
    guarantees: ["G4"],
    async run({ store }) {
      await enqueueOne(store, { key: "k" });
      const claim = await claimOne(store);
      await store.enqueue([aRequest({ key: "k" }), aRequest({ key: "k", payload: "[2]" })]);
      const mixed = await store.enqueue([aRequest(), aRequest({ key: "k" }), aRequest()]);
      assert.deepEqual(
        mixed.map((result) => (result.status === "created" ? result.job.number : result.status)),
        [2, "existing", 3],
      );
      await settleOne(store, claim, moves.complete());
      await store.enqueue([aRequest()], { under: refOf(claim) });
      assert.equal((await enqueueOne(store)).number, 4);
    },
  },
  {
    name: "an enqueue that fails burns no number",
    guarantees: ["G3", "G4"],
    async run({ store }) {
      await enqueueOne(store);
      const broken = aRequest({ payload: "{not json" });
      await assert.rejects(store.enqueue([aRequest(), broken, aRequest()]), "a payload must be JSON text");
      assert.deepEqual(await store.get([broken.id]), [null]);
      assert.equal((await store.counts({})).queued, 1, "all of the call, or nothing");
      assert.equal((await enqueueOne(store)).number, 2);
    },
  },
  {
    name: "one bad enqueue does not take its neighbours of the same moment with it",
    guarantees: ["G3", "G4"],
    async run({ store }) {
      const answers = await Promise.allSettled([
        store.enqueue([aRequest()]),
        store.enqueue([aRequest({ payload: "{not json" })]),
        store.enqueue([aRequest()]),
      ]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        ["fulfilled", "rejected", "fulfilled"],
      );
      assert.equal((await enqueueOne(store)).number, 3);
    },
  },
  {
    name: "a job that opts out has no number and touches no counter",
    guarantees: ["G4"],
    async run({ store }) {
      assert.equal((await enqueueOne(store, { numbered: false })).number, null);
      assert.equal((await enqueueOne(store)).number, 1);
      const jobs = await enqueueAll(store, [aRequest(), aRequest({ numbered: false }), aRequest()]);
      assert.deepEqual(
        jobs.map(({ number }) => number),
        [2, null, 3],
      );
    },
  },
  {
    name: "a queue may opt out, and a job in it may opt in",
    guarantees: ["G4"],
    async run({ store }) {
      await store.configureQueue(ORG, "bulk", { settings: { numbered: false } });
      const numbers = (
        await enqueueAll(
          store,
          [null, true, null, true].map((numbered) => aRequest({ queue: "bulk", numbered })),
        )
      ).map(({ number }) => number);
      assert.deepEqual(numbers, [null, 1, null, 2]);
    },
  },
  {
    name: "a range of numbers is taken from the same counter as the jobs'",
    guarantees: ["G4"],
    async run({ store }) {
      assert.equal(await store.number(ORG, "repo/1", 1), 1);
      assert.equal(await store.number(ORG, "repo/1", 10), 2);
      assert.equal(await store.number(ORG, "repo/2", 3), 1);
      assert.equal(await store.number("umbrella", "repo/1", 1), 1);
      assert.equal((await enqueueOne(store, { scope: "repo/1" })).number, 12);
      assert.equal(await store.number(ORG, "repo/1", 1), 13);
    },
  },
  {
    name: "ranges taken at once over many connections do not overlap",
    guarantees: ["G4"],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const stores = [store, await openAnother(), await openAnother()];
      const firsts = await Promise.all(
        Array.from({ length: 60 }, async (_, n) => (stores[n % 3] ?? store).number(ORG, "invoice", 5)),
      );
      assert.deepEqual(
        firsts.toSorted((a, b) => a - b),
        firsts.map((_, n) => n * 5 + 1),
      );
    },
  },
  {
    name: "an adopted sequence goes on, and refuses to go backwards",
    guarantees: ["G4"],
    async run({ store }) {
      assert.deepEqual(await store.adoptNumbers(ORG, QUEUE, 41), { status: "adopted", last: 41 });
      assert.equal((await enqueueOne(store)).number, 42);
      assert.deepEqual(await store.adoptNumbers(ORG, QUEUE, 10), { status: "behind", last: 42 });
      assert.equal((await enqueueOne(store)).number, 43);
      assert.deepEqual(await store.adoptNumbers(ORG, QUEUE, 100), { status: "adopted", last: 100 });
      assert.equal((await enqueueOne(store)).number, 101);
    },
  },
  {
    name: "a job made again from an old one has a number of its own",
    guarantees: ["G4", "G6"],
    async run({ store }) {
      const first = await enqueueOne(store);
      await settleOne(store, await claimOne(store), moves.fail());
      const again = await enqueueOne(store, { retryOf: first.id });
      assert.deepEqual([again.number, again.retryOf, again.attempt], [2, first.id, 0]);
    },
  },
  {
    name: "two hundred callers of one connection at once are numbered 1 to n in the order they called",
    guarantees: ["G4"],
    async run({ store }) {
      const jobs = await Promise.all(requests(200).map(async (request) => enqueueOne(store, request)));
      assert.deepEqual(
        jobs.map(({ number }) => number),
        jobs.map((_, n) => n + 1),
      );
    },
  },
]);
