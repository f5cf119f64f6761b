import assert from "node:assert/strict";
import type { Store } from "../../src/core/store.ts";
import { aRequest, aWorker, enqueueOne, ORG } from "../../src/testing/factory.ts";
import type { Answer, Claimed, Task } from "./claims-messages.ts";
import { openAt, openUnguarded } from "./open-at.ts";

const stores: Store[] = [];

function tell(answer: Answer): void {
  process.send?.(answer);
}

/** The connections take turns. */
function storeFor(index: number): Store {
  const store = stores[index % stores.length];
  assert.ok(store, "the store is open");
  return store;
}

async function claimAll(store: Store, worker: string): Promise<readonly Claimed[]> {
  const mine: Claimed[] = [];
  await store.registerWorker(aWorker({ id: worker }));
  const request = {
    org: ORG,
    worker,
    queues: { order: "turns" },
    labels: new Set<string>(),
    max: 1,
    leaseMs: 30_000,
  } as const;
  for (;;) {
    const claims = await store.claim(request);
    if (claims.length === 0) return mine;
    mine.push(...claims.map(({ lease }) => ({ job: lease.job, worker, token: lease.token })));
  }
}

async function enqueueMany(jobs: number, parallel: number): Promise<readonly number[]> {
  const numbers: number[] = [];
  let left = jobs;
  const lines = Array.from({ length: parallel }, async (_, line) => {
    while (left-- > 0) numbers.push((await enqueueOne(storeFor(line))).number ?? 0);
  });
  await Promise.all(lines);
  return numbers;
}

async function enqueueUntilKilled(): Promise<never> {
  for (let n = 0; ; n++) {
    const request = aRequest();
    await storeFor(n).enqueue([request]);
    tell({ type: "acknowledged", id: request.id });
  }
}

async function closeAll(): Promise<void> {
  for (const store of stores.splice(0)) await store.close();
}

async function run(task: Task): Promise<Answer> {
  switch (task.task) {
    case "open":
      // A run that failed may have left its store open.
      await closeAll();
      for (let i = 0; i < task.connections; i++) {
        stores.push(await (task.isUnguarded === true ? openUnguarded(task.url) : openAt(task.url)));
      }
      return { type: "done" };
    case "claim": {
      const claimed = await Promise.all(task.workers.map(async (name, i) => claimAll(storeFor(i), name)));
      return { type: "done", claimed: claimed.flat() };
    }
    case "enqueue":
      return { type: "done", numbers: await enqueueMany(task.jobs, task.parallel) };
    case "enqueue-until-killed":
      return enqueueUntilKilled();
    case "close":
      await closeAll();
      return { type: "done" };
  }
}

process.on("message", (task: Task) => {
  run(task).then(tell, (error: unknown) => {
    tell({ type: "error", text: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  });
});
process.on("disconnect", () => process.exit());
tell({ type: "started" });
