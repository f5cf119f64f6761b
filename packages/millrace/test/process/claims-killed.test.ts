import assert from "node:assert/strict";
import { describe, test } from "vitest";
import type { JobId } from "../../src/core/job.ts";
import { claimSome, enqueueAll, moves, requests, settleOne } from "../../src/testing/factory.ts";
import type { Child } from "./claims-crew.ts";
import { allDo, onNewStore, RUNS, startCrew } from "./claims-crew.ts";
import { openAt } from "./open-at.ts";
import { onEachStore } from "./store-kinds.ts";

const LIMIT_MS = 60_000 + RUNS * 10_000;
const HOUR_MS = 3_600_000;

onEachStore((kind) => {
  describe("a process that is killed", () => {
    test(`every job it was told was enqueued is there, ${RUNS} times`, { timeout: LIMIT_MS }, async () => {
      for (let round = 0; round < RUNS; round++) {
        await onNewStore(kind, async (store, url) => {
          const crew = await startCrew(3);
          await allDo(crew, () => ({ task: "open", url, connections: 1 }));
          const acknowledged = (await Promise.all(crew.map(async (child) => enqueueAndDie(child, 20 + round)))).flat();
          const jobs = await store.get(acknowledged);
          assert.ok(
            jobs.every((job) => job?.state === "queued"),
            "nothing that was acknowledged is lost",
          );
          const { queued } = await store.counts({});
          assert.ok(queued >= acknowledged.length, "more may have been written than could be told");
        });
      }
    });

    test("the jobs it held are rescued, and run once more by somebody else", { timeout: LIMIT_MS }, async () => {
      await onNewStore(kind, async (store, url) => {
        const jobs = await enqueueAll(store, requests(12));
        const [child] = await startCrew(1);
        assert.ok(child);
        await allDo([child], () => ({ task: "open", url, connections: 1 }));
        const [answer] = await allDo([child], () => ({ task: "claim", workers: ["doomed"] }));
        assert.equal(answer?.claimed?.length, jobs.length);
        await child.kill();
        assert.equal((await store.rescue(100)).count, 0, "its leases are still good");
        const later = await openAt(url, () => Date.now() + HOUR_MS);
        assert.equal((await later.rescue(100)).count, jobs.length);
        const claims = await claimSome(later, 100, { worker: "heir" });
        assert.deepEqual(
          claims.map(({ job, lease }) => [job.id, lease.attempt]),
          jobs.map(({ id }) => [id, 2]),
        );
        for (const claim of claims) assert.equal(await settleOne(later, claim, moves.complete()), "settled");
        await later.close();
      });
    });
  });
});

/** Lets the child enqueue until it has told of so many, and kills it in the middle of the next. */
async function enqueueAndDie(child: Child, count: number): Promise<readonly JobId[]> {
  const acknowledged: JobId[] = [];
  child.send({ task: "enqueue-until-killed" });
  while (acknowledged.length < count) {
    const answer = await child.answer();
    if (answer.type === "acknowledged") acknowledged.push(answer.id);
  }
  await child.kill();
  return acknowledged;
}
