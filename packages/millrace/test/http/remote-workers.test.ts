import { describe, expect, it, onTestFinished } from "vitest";
import type { Store } from "../../src/core/store.ts";
import { RemoteWorkers } from "../../src/http/remote-workers.ts";
import { Kernel } from "../../src/runtime/kernel.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { openSqlite } from "../../src/stores/sqlite/index.ts";
import { aWorker } from "../../src/testing/factory.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";
import { until } from "./remote-worker.ts";

const WORKER = { id: "w-1", org: "acme", name: "w-1", labels: [], host: null, pid: null, slots: 1, queues: null };

interface Ground {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly workers: RemoteWorkers;
}

/** Workers of a server whose time passes only when it is told to. */
async function remoteWorkers(): Promise<Ground> {
  const clock = new VirtualClock();
  const store = await openSqlite({ file: ":memory:", now: clock.now });
  const stopping = new AbortController();
  onTestFinished(async () => {
    stopping.abort();
    await store.close();
  });
  const parts = { store, clock, random: () => 0, logger: silentLogger, host: null, pid: null };
  return {
    clock,
    store,
    workers: new RemoteWorkers(new Kernel({ ...parts, org: "default" }), 30_000, stopping.signal),
  };
}

describe("a remote worker", () => {
  it("is there for 90 s after it was last heard of", async () => {
    const { clock, workers } = await remoteWorkers();
    await workers.register(WORKER);
    for (let i = 0; i < 5; i++) {
      clock.advance(89_000);
      expect(await workers.heardOf("acme", "w-1")).toMatchObject({ id: "w-1", concurrency: 1 });
    }
    clock.advance(91_000);
    await expect(workers.heardOf("acme", "w-1")).rejects.toMatchObject({ code: "worker_not_found" });
    await workers.register(WORKER);
    expect(await workers.heardOf("acme", "w-1")).toMatchObject({ id: "w-1" });
  });

  it("that vanished is forgotten altogether, and one that lives is not", async () => {
    const { clock, store, workers } = await remoteWorkers();
    await workers.register(WORKER);
    await workers.register({ ...WORKER, id: "w-2" });
    clock.advance(60_000);
    await workers.heardOf("acme", "w-2");
    await until(() => clock.nextInMs !== null);
    clock.advance(60_000);
    // An id that nobody has any more is for anybody to take.
    await until(async () => (await store.registerWorker(aWorker({ id: "w-1", org: "umbrella" }))) === "registered");
    expect(await store.registerWorker(aWorker({ id: "w-2", org: "umbrella" }))).toBe("taken");
  });

  it("is not there for another organisation, which cannot remove it", async () => {
    const { store, workers } = await remoteWorkers();
    await workers.register(WORKER);
    await expect(workers.heardOf("umbrella", "w-1")).rejects.toMatchObject({ code: "worker_not_found" });
    expect(await workers.remove("umbrella", "w-1")).toBe(0);
    expect(await store.workers("acme")).toHaveLength(1);
  });
});
