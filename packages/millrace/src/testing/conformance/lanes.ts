import assert from "node:assert/strict";
import type { QueueChoice } from "../../core/lane.ts";
import type { EnqueueRequest, Store } from "../../core/store.ts";
import { aRequest, claimOne, claimSome, enqueueAll, enqueueOne, requests, type ClaimChoice } from "../factory.ts";
import { casesOf } from "../harness.ts";

/** Which labels serve which requirements. */
const SERVED: readonly (readonly [requires: string, labels: readonly string[], isServed: boolean])[] = [
  ["gpu", ["gpu"], true],
  ["gpu", ["gpu=nvenc"], true],
  ["gpu", ["gpux", "cpu"], false],
  ["gpu", [], false],
  ["gpu=nvenc", ["gpu=nvenc"], true],
  ["gpu=nvenc", ["gpu"], false],
  ["gpu=nvenc", ["gpu=vaapi"], false],
  ["threads>=8", ["threads=8"], true],
  ["threads>=8", ["threads=16"], true],
  ["threads>=8", ["threads=7"], false],
  ["threads>=8", ["threads"], false],
  ["threads>=8", [], false],
];

export const laneCases = casesOf("lanes", [
  ...SERVED.map(([requires, labels, isServed]) => ({
    name: `a job that requires ${requires} is ${isServed ? "" : "not "}given to a worker with ${labels.join(", ") || "no labels"}`,
    guarantees: [],
    async run({ store }: { readonly store: Store }) {
      await enqueueOne(store, { requires: [requires] });
      assert.equal((await claimSome(store, 10, { labels })).length, isServed ? 1 : 0);
    },
  })),
  {
    name: "every requirement must be met, and a worker may have more labels than asked for",
    guarantees: [],
    async run({ store }) {
      const { id } = await enqueueOne(store, { requires: ["ffmpeg", "gpu"] });
      assert.deepEqual(await claimSome(store, 10, { worker: "a", labels: ["gpu"] }), []);
      const claim = await claimOne(store, { worker: "b", labels: ["arm", "ffmpeg", "gpu"] });
      assert.equal(claim.job.id, id);
    },
  },
  {
    name: "a job nobody can serve blocks no one, whatever its priority",
    guarantees: ["G12"],
    async run({ store }) {
      await enqueueAll(store, requests(50, { requires: ["quantum"], priority: 1_000 }));
      const plain = await enqueueAll(store, requests(3));
      const claims = await claimSome(store, 10);
      assert.deepEqual(
        claims.map(({ job }) => job.id),
        plain.map(({ id }) => id),
      );
    },
  },
  {
    name: "a job with requirements keeps its place among those without, for a worker that serves both",
    guarantees: ["G12"],
    async run({ store }) {
      const places = [[], ["gpu"], [], ["ffmpeg"], ["ffmpeg", "gpu"], []];
      const jobs = await enqueueAll(store, [
        ...places.map((requires) => aRequest({ requires })),
        aRequest({ priority: 1 }),
      ]);
      const labels = ["ffmpeg", "gpu"];
      const claims = [...(await claimSome(store, 2, { labels })), ...(await claimSome(store, 10, { labels }))];
      assert.deepEqual(
        claims.map(({ job }) => job.id),
        [...jobs.slice(-1), ...jobs.slice(0, -1)].map(({ id }) => id),
      );
    },
  },
  {
    name: "a thousand lanes that nobody can serve block no one",
    guarantees: ["G12"],
    async run({ store }) {
      await enqueueAll(store, manyKeys(1_000, { requires: ["quantum"] }));
      const { id } = await enqueueOne(store);
      assert.equal((await claimOne(store)).job.id, id);
      assert.deepEqual(await claimSome(store, 10), []);
    },
  },
  {
    name: "a strict order holds however many lanes the second queue has",
    guarantees: ["G12"],
    async run({ store }) {
      const queues = { order: "strict", names: ["a", "b"] } as const;
      await enqueueAll(store, manyKeys(1_000, { queue: "b" }));
      for (let round = 0; round < 8; round++) {
        await enqueueOne(store, { queue: "a" });
        assert.equal((await claimOne(store, { queues })).job.queue, "a", `in round ${round}`);
      }
    },
  },
  {
    name: "the fairness keys of a queue take turns, however many jobs each has",
    guarantees: ["G12"],
    async run({ store }) {
      await enqueueAll(store, requests(30, { fairKey: "large" }));
      await enqueueAll(store, requests(3, { fairKey: "small" }));
      await enqueueAll(store, requests(3, { fairKey: "tiny" }));
      const order = await keysInOrder(store, 9, 1);
      for (const key of ["large", "small", "tiny"]) {
        assert.equal(order.filter((each) => each === key).length, 3, `${key} had a third of ${order.join(" ")}`);
      }
      assert.equal((await claimSome(store, 100)).length, 27, "and nothing is left behind");
    },
  },
  {
    name: "a batch is shared among the fairness keys too",
    guarantees: ["G12"],
    async run({ store }) {
      await enqueueAll(store, requests(100, { fairKey: "large" }));
      await enqueueAll(store, requests(2, { fairKey: "small" }));
      const order = await keysInOrder(store, 2, 4);
      assert.equal(order.length, 8);
      assert.equal(order.filter((key) => key === "small").length, 2, `small was served in ${order.join(" ")}`);
    },
  },
  {
    name: "no lane starves: each of many is served while the others never run dry",
    guarantees: ["G12"],
    async run({ store }) {
      const keys = Array.from({ length: 12 }, (_, n) => `customer-${n}`);
      for (const fairKey of keys) await enqueueAll(store, requests(20, { fairKey }));
      const order = await keysInOrder(store, 24, 1);
      assert.deepEqual(new Set(order), new Set(keys));
    },
  },
  {
    name: "each of very many fairness keys has its turn before the others have many",
    guarantees: ["G12"],
    async run({ store }) {
      const keyCount = 400;
      for (let job = 0; job < 4; job++) await enqueueAll(store, manyKeys(keyCount, {}));
      const order = await keysInOrder(store, 80, 10);
      assert.equal(order.length, keyCount * 2, "twice as many as there are keys");
      assert.equal(new Set(order).size, keyCount, "every key was served");
    },
  },
  {
    name: "inside a fairness key first in is first out",
    guarantees: ["G12"],
    async run({ store }) {
      const a = await enqueueAll(store, requests(4, { fairKey: "a" }));
      const b = await enqueueAll(store, requests(4, { fairKey: "b" }));
      const claims = [...(await claimSome(store, 3)), ...(await claimSome(store, 1)), ...(await claimSome(store, 4))];
      for (const [key, jobs] of Object.entries({ a, b })) {
        assert.deepEqual(
          claims.filter(({ job }) => job.fairKey === key).map(({ job }) => job.id),
          jobs.map(({ id }) => id),
        );
      }
    },
  },
  {
    name: "queues are served by their weights",
    guarantees: ["G12"],
    async run({ store }) {
      for (const queue of ["a", "b"]) await enqueueAll(store, requests(20, { queue }));
      const weights = new Map(Object.entries({ a: 3, b: 1 }));
      const order = await queuesInOrder(store, 12, { order: "weighted", weights });
      assert.equal(order.filter((queue) => queue === "a").length, 9, order.join(" "));
    },
  },
  {
    name: "a strict order serves the second queue when the first has nothing, and others never",
    guarantees: ["G12"],
    async run({ store }) {
      await enqueueAll(store, [aRequest({ queue: "b" }), aRequest({ queue: "a" }), aRequest({ queue: "c" })]);
      await enqueueOne(store, { queue: "a" });
      const names = ["a", "b"];
      assert.deepEqual(await queuesInOrder(store, 5, { order: "strict", names }), ["a", "a", "b"]);
    },
  },
  {
    name: "a strict order fills a batch from the first queue, and then from the second",
    guarantees: ["G12"],
    async run({ store }) {
      await enqueueAll(store, [...requests(3, { queue: "b" }), ...requests(2, { queue: "a" })]);
      const claims = await claimSome(store, 4, { queues: { order: "strict", names: ["a", "b"] } });
      assert.deepEqual(
        claims.map(({ job }) => job.queue),
        ["a", "a", "b", "b"],
      );
    },
  },
  {
    name: "weights leave out the queues they do not name",
    guarantees: [],
    async run({ store }) {
      await enqueueOne(store, { queue: "b" });
      const weights = new Map([["a", 1]]);
      assert.deepEqual(await claimSome(store, 10, { queues: { order: "weighted", weights } }), []);
    },
  },
  {
    name: "without a choice the queues take turns",
    guarantees: ["G12"],
    async run({ store }) {
      await enqueueAll(store, requests(50, { queue: "large" }));
      await enqueueAll(store, requests(4, { queue: "small" }));
      const order = await queuesInOrder(store, 8, { order: "turns" });
      assert.equal(order.filter((queue) => queue === "small").length, 4, order.join(" "));
    },
  },
]);

/** A request for each of so many fairness keys. */
function manyKeys(count: number, change: Partial<EnqueueRequest>): EnqueueRequest[] {
  return Array.from({ length: count }, (_, n) => aRequest({ ...change, fairKey: `customer-${n}` }));
}

/** Fairness keys in the order in which so many claims of so many jobs got them. */
async function keysInOrder(store: Store, claims: number, max: number): Promise<(string | null)[]> {
  return (await claimTimes(store, claims, max, {})).map(({ job }) => job.fairKey);
}

async function queuesInOrder(store: Store, claims: number, queues: QueueChoice): Promise<string[]> {
  return (await claimTimes(store, claims, 1, { queues })).map(({ job }) => job.queue);
}

async function claimTimes(store: Store, times: number, max: number, choice: ClaimChoice) {
  const claims = [];
  for (let i = 0; i < times; i++) claims.push(...(await claimSome(store, max, choice)));
  return claims;
}
