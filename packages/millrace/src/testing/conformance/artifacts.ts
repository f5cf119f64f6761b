import assert from "node:assert/strict";
import type { Artifact, NewArtifact } from "../../core/artifact.ts";
import type { Store } from "../../core/store.ts";
import {
  aRequest,
  claimOne,
  claimSome,
  enqueueAll,
  enqueueOne,
  moves,
  refOf,
  requests,
  settleOne,
} from "../factory.ts";
import { casesOf, type ConformanceCase } from "../harness.ts";
import { anArtifact, keepArtifact } from "../server-factory.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const keeping: readonly ConformanceCase[] = casesOf("artifacts", [
  {
    name: "an artifact reads back as it was kept, and none is where none was kept",
    guarantees: [],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      assert.deepEqual(await store.artifacts(id), []);
      const artifact = anArtifact(id, "out.mp4", { size: 9_007_199_254_740_991, createdBy: "ada" });
      await store.reservePlace(artifact.place, HOUR_MS);
      assert.equal(await store.artifact(id, "out.mp4"), null, "what is reserved is no artifact yet");
      clock.advance(10);
      assert.equal(await store.keepArtifact(artifact, null), "kept");
      const kept: Artifact = { ...artifact, createdAt: clock.date() };
      clock.advance(10);
      assert.deepEqual(await store.artifact(id, "out.mp4"), kept);
      assert.deepEqual(await store.artifacts(id), [kept]);
      assert.equal(await store.artifact(id, "out"), null);
      assert.equal(await store.artifact(aRequest().id, "out.mp4"), null);
      assert.deepEqual(await store.artifacts(aRequest().id), []);
    },
  },
  {
    name: "artifacts are listed by name, in the order of the code points, and only those of the job",
    guarantees: ["G8"],
    async run({ store }) {
      const [job, other] = await enqueueAll(store, requests(2));
      assert.ok(job && other);
      const names = ["é", "b", "a/c", "Z", "a", "a-c", "ä", "10", "9"];
      for (const name of names) await keepArtifact(store, job.id, name);
      await keepArtifact(store, other.id, "a");
      const listed = (await store.artifacts(job.id)).map(({ name }) => name);
      assert.deepEqual(listed, ["10", "9", "Z", "a", "a-c", "a/c", "b", "ä", "é"]);
    },
  },
  {
    name: "an artifact takes the place of the one with its name, whose place is discarded",
    guarantees: [],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const old = await keepArtifact(store, id, "log.txt");
      const beside = await keepArtifact(store, id, "other.txt");
      clock.advance(10);
      const next = await keepArtifact(store, id, "log.txt", { size: 7 });
      assert.deepEqual(await store.artifact(id, "log.txt"), { ...next, createdAt: clock.date() });
      assert.deepEqual(await store.takeDiscardedPlaces(10, HOUR_MS), [old.place]);
      assert.deepEqual(
        (await store.artifacts(id)).map(({ place }) => place),
        [next.place, beside.place],
      );
    },
  },
  {
    name: "keeping again what was kept is the same answer, and changes nothing",
    guarantees: [],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store);
      const artifact = await keepArtifact(store, id, "a", {}, refOf(claim));
      const before = await store.artifacts(id);
      clock.advance(10);
      assert.equal(await store.keepArtifact(artifact, refOf(claim)), "kept");
      assert.deepEqual(await store.artifacts(id), before);
      assert.deepEqual(await store.takeDiscardedPlaces(10, HOUR_MS), []);
      await settleOne(store, claim, moves.complete());
      assert.equal(
        await store.keepArtifact(artifact, refOf(claim)),
        "kept",
        "its answer may have been long on the way",
      );
    },
  },
  {
    name: "an artifact sent under a lease is kept while the lease is held, and not when it is lost",
    guarantees: ["G2"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const stale = await claimOne(store, { leaseMs: 1_000 });
      const kept = await keepArtifact(store, id, "a", {}, refOf(stale));
      const late = await reserved(store, anArtifact(id, "a"));
      clock.advance(1_001);
      await store.rescue(10);
      assert.equal(await store.keepArtifact(late, refOf(stale)), "lost", "nobody holds it");
      const fresh = await claimOne(store, { worker: "worker-2" });
      assert.equal(await store.keepArtifact(late, refOf(stale)), "lost", "another holds it");
      assert.deepEqual(placesOf(await store.artifacts(id)), [kept.place]);
      assert.deepEqual(
        await store.takeDiscardedPlaces(10, HOUR_MS),
        [],
        "what it would have replaced is not discarded",
      );
      assert.equal(await store.keepArtifact(late, refOf(fresh)), "kept", "its place is still reserved");
      assert.deepEqual(await store.takeDiscardedPlaces(10, HOUR_MS), [kept.place]);
    },
  },
  {
    name: "an artifact is not kept under the lease of another job",
    guarantees: ["G2", "G8"],
    async run({ store }) {
      await enqueueAll(store, requests(2));
      const [one, other] = await claimSome(store, 2);
      assert.ok(one && other);
      const artifact = await reserved(store, anArtifact(one.job.id, "a"));
      assert.equal(await store.keepArtifact(artifact, refOf(other)), "lost");
      assert.deepEqual(await store.artifacts(one.job.id), []);
    },
  },
  {
    name: "without a lease an artifact is kept until the job ends, and not afterwards",
    guarantees: ["G6"],
    async run({ store }) {
      const { id } = await enqueueOne(store);
      await keepArtifact(store, id, "while it waits");
      const claim = await claimOne(store);
      await keepArtifact(store, id, "while it runs");
      const late = await reserved(store, anArtifact(id, "late"));
      await settleOne(store, claim, moves.complete());
      assert.equal(await store.keepArtifact(late, null), "finished");
      assert.equal(await store.keepArtifact(late, refOf(claim)), "lost");
      assert.deepEqual(
        (await store.artifacts(id)).map(({ name }) => name),
        ["while it runs", "while it waits"],
      );
    },
  },
  {
    name: "of a job that is not there nothing is kept",
    guarantees: [],
    async run({ store }) {
      const artifact = await reserved(store, anArtifact(aRequest().id, "a"));
      assert.equal(await store.keepArtifact(artifact, null), "not_found");
      assert.deepEqual(await store.artifacts(artifact.job), []);
    },
  },
]);

const placing: readonly ConformanceCase[] = casesOf("artifacts", [
  {
    name: "nothing is kept at a place that is not reserved",
    guarantees: [],
    async run({ store }) {
      const { id } = await enqueueOne(store);
      const kept = await keepArtifact(store, id, "a");
      assert.equal(await store.keepArtifact(anArtifact(id, "b"), null), "expired", "it never was");
      assert.equal(await store.keepArtifact({ ...kept, name: "b" }, null), "expired", "it is that of another artifact");
      assert.deepEqual(placesOf(await store.artifacts(id)), [kept.place]);
      assert.deepEqual(await store.takeDiscardedPlaces(10, HOUR_MS), []);
    },
  },
  {
    name: "a reserved place is discarded when its time is over, and not before",
    guarantees: [],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const [early, late] = [anArtifact(id, "early"), anArtifact(id, "late")];
      await store.reservePlace(early.place, 1_000);
      await store.reservePlace(late.place, 1_000);
      clock.advance(999);
      assert.deepEqual(await store.takeDiscardedPlaces(10, HOUR_MS), []);
      assert.equal(await store.keepArtifact(early, null), "kept");
      clock.advance(1);
      assert.equal(await store.keepArtifact(late, null), "expired");
      assert.deepEqual(await store.takeDiscardedPlaces(10, HOUR_MS), [late.place]);
      assert.deepEqual(placesOf(await store.artifacts(id)), [early.place]);
    },
  },
  {
    name: "a place that is reserved again has its time from then, unless it is discarded",
    guarantees: [],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const [slow, lost] = [anArtifact(id, "slow"), anArtifact(id, "lost")];
      await store.reservePlace(slow.place, 1_000);
      await store.reservePlace(lost.place, 1_000);
      clock.advance(999);
      await store.reservePlace(slow.place, 1_000);
      clock.advance(999);
      await store.reservePlace(lost.place, 1_000);
      assert.equal(await store.keepArtifact(slow, null), "kept");
      assert.equal(await store.keepArtifact(lost, null), "expired");
      assert.deepEqual(await store.takeDiscardedPlaces(10, HOUR_MS), [lost.place]);
    },
  },
  {
    name: "a place that is not needed is discarded at once, and that of an artifact is not",
    guarantees: [],
    async run({ store }) {
      const { id } = await enqueueOne(store);
      const kept = await keepArtifact(store, id, "kept");
      const given = await reserved(store, anArtifact(id, "given up"));
      for (const { place } of [kept, given, anArtifact(id, "never reserved")]) await store.discardPlace(place);
      assert.equal(await store.keepArtifact(given, null), "expired");
      assert.deepEqual(await store.takeDiscardedPlaces(10, HOUR_MS), [given.place]);
      assert.deepEqual(placesOf(await store.artifacts(id)), [kept.place]);
    },
  },
  {
    name: "a place that was taken comes again after its time, unless it is forgotten",
    guarantees: ["G3"],
    async run({ store, clock }) {
      const [forgotten, left] = ["place/forgotten", "place/left"] as const;
      for (const place of [forgotten, left]) {
        await store.reservePlace(place, HOUR_MS);
        await store.discardPlace(place);
      }
      assert.deepEqual((await store.takeDiscardedPlaces(10, 1_000)).toSorted(), [forgotten, left]);
      clock.advance(999);
      assert.deepEqual(await store.takeDiscardedPlaces(10, 1_000), [], "somebody is at it");
      await store.forgetPlaces([forgotten, "place/unknown"]);
      clock.advance(1);
      assert.deepEqual(await store.takeDiscardedPlaces(10, 1_000), [left]);
      await store.forgetPlaces([left]);
      clock.advance(HOUR_MS);
      assert.deepEqual(await store.takeDiscardedPlaces(10, 1_000), []);
    },
  },
  {
    name: "a place that was taken becomes no artifact any more, and is not taken sooner than it would be",
    guarantees: ["G3"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const artifact = anArtifact(id, "a");
      await store.reservePlace(artifact.place, 1_000);
      clock.advance(1_000);
      assert.deepEqual(await store.takeDiscardedPlaces(10, HOUR_MS), [artifact.place]);
      await store.reservePlace(artifact.place, HOUR_MS);
      assert.equal(await store.keepArtifact(artifact, null), "expired");
      await store.discardPlace(artifact.place);
      assert.deepEqual(await store.takeDiscardedPlaces(10, HOUR_MS), []);
      clock.advance(HOUR_MS);
      assert.deepEqual(await store.takeDiscardedPlaces(10, HOUR_MS), [artifact.place]);
    },
  },
  {
    name: "a place that is reserved, or that of an artifact, is not forgotten",
    guarantees: ["G3"],
    async run({ store }) {
      const { id } = await enqueueOne(store);
      const kept = await keepArtifact(store, id, "kept");
      const waiting = await reserved(store, anArtifact(id, "waiting"));
      await store.forgetPlaces([kept.place, waiting.place]);
      await store.forgetPlaces([]);
      assert.equal(await store.keepArtifact(waiting, null), "kept");
      assert.deepEqual(placesOf(await store.artifacts(id)), [kept.place, waiting.place]);
    },
  },
  {
    name: "no more places are taken than asked for, and the others the next time",
    guarantees: [],
    async run({ store, clock }) {
      const places = Array.from({ length: 5 }, (_, n) => `place/${n}`);
      for (const place of places) await store.reservePlace(place, 1_000);
      clock.advance(1_000);
      const first = await store.takeDiscardedPlaces(3, HOUR_MS);
      const second = await store.takeDiscardedPlaces(3, HOUR_MS);
      assert.deepEqual([first.length, second.length], [3, 2]);
      assert.deepEqual([...first, ...second].toSorted(), places);
    },
  },
  {
    name: "of many that take discarded places at the same moment, each place goes to one",
    guarantees: ["G1"],
    needs: ["isShared"],
    async run({ store, clock, openAnother }) {
      const stores = [store, await openAnother(), await openAnother()];
      const places = Array.from({ length: 30 }, (_, n) => `place/${String(n).padStart(2, "0")}`);
      for (const place of places) await store.reservePlace(place, 1_000);
      clock.advance(1_000);
      const taking = Array.from({ length: 12 }, async (_, n) =>
        (stores[n % 3] ?? store).takeDiscardedPlaces(4, HOUR_MS),
      );
      const taken = (await Promise.all(taking)).flat();
      assert.equal(taken.length, new Set(taken).size, "none is taken twice");
      const rest = await store.takeDiscardedPlaces(100, HOUR_MS);
      assert.deepEqual([...taken, ...rest].toSorted(), places);
    },
  },
  {
    name: "an artifact stays while its job is there, and is discarded when that is pruned",
    guarantees: ["G3", "G6"],
    async run({ store, clock }) {
      const [ended, waiting] = await enqueueAll(store, requests(2));
      assert.ok(ended && waiting);
      const kept = [await keepArtifact(store, ended.id, "a"), await keepArtifact(store, ended.id, "b")];
      const other = await keepArtifact(store, waiting.id, "a");
      await settleOne(store, await claimOne(store), moves.complete());
      clock.advance(6 * DAY_MS);
      assert.equal((await store.prune(10)).count, 0);
      assert.equal((await store.artifacts(ended.id)).length, 2);
      clock.advance(2 * DAY_MS);
      assert.equal((await store.prune(10)).count, 1);
      assert.deepEqual(await store.artifacts(ended.id), []);
      assert.deepEqual((await store.takeDiscardedPlaces(10, HOUR_MS)).toSorted(), placesOf(kept).toSorted());
      assert.deepEqual(placesOf(await store.artifacts(waiting.id)), [other.place]);
    },
  },
]);

export const artifactCases: readonly ConformanceCase[] = [...keeping, ...placing];

async function reserved(store: Store, artifact: NewArtifact): Promise<NewArtifact> {
  await store.reservePlace(artifact.place, HOUR_MS);
  return artifact;
}

function placesOf(artifacts: readonly { readonly place: string }[]): string[] {
  return artifacts.map(({ place }) => place);
}
