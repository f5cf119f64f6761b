import { expect, it } from "vitest";
import { until } from "../runtime/until.ts";
import { Scene } from "./scene.ts";
import { onEachStore } from "./store-kinds.ts";
import type { FromWorker } from "./worker-messages.ts";

const LEASE = { leaseMs: 600, heartbeatMs: 200 } as const;

const isOf =
  <Type extends FromWorker["type"]>(type: Type) =>
  (message: FromWorker): message is Extract<FromWorker, { type: Type }> =>
    message.type === type;

onEachStore((kind) => {
  it("a worker that was stopped by SIGSTOP for longer than its lease loses the job, and its late outcome is dropped", async () => {
    const scene = Scene.on(kind);
    const mill = await scene.open();
    const frozen = await scene.worker(LEASE);
    const { id } = await mill.enqueue("stand", null, { maxAttempts: 2 });
    expect(await frozen.hears(isOf("running"))).toMatchObject({ job: id, token: 1 });

    frozen.kill("SIGSTOP");
    const heir = await scene.worker(LEASE);
    expect(await heir.hears(isOf("running"))).toMatchObject({ job: id, token: 2 });
    frozen.kill("SIGCONT");
    // First: a handler that has ended hears nothing any more.
    expect(await frozen.hears(isOf("aborted"))).toMatchObject({ job: id });
    frozen.send({ type: "finish" });
    await until("the late outcome is dropped", async () => {
      frozen.send({ type: "tell" });
      return frozen.told.some((message) => message.type === "stats" && message.dropped === 1 && message.settled === 0);
    });
    expect(await mill.get(id)).toMatchObject({ state: "running", attempt: 2 });

    heir.send({ type: "finish" });
    const job = await mill.wait(id);
    expect(job).toMatchObject({ state: "completed", attempt: 2 });
    expect(await mill.attempts(id)).toMatchObject([{ attempt: 1, token: 1, ending: "lost" }]);
    const [lost] = await mill.attempts(id);
    expect((lost?.endedAt.getTime() ?? 0) - (lost?.startedAt.getTime() ?? 0)).toBeGreaterThanOrEqual(LEASE.leaseMs);
    expect((await mill.verify()).violations).toEqual([]);
  });

  it("jobs of a worker that was killed run again within its lease and a second", async () => {
    const scene = Scene.on(kind);
    const mill = await scene.open();
    const doomed = await scene.worker({ leaseMs: 1_500, heartbeatMs: 500 });
    const { id } = await mill.enqueue("stand");
    await doomed.hears(isOf("running"));
    const heir = await scene.worker({ leaseMs: 1_500, heartbeatMs: 500 });
    doomed.kill("SIGKILL");
    const killedAt = performance.now();
    await heir.hears(isOf("running"));
    expect(performance.now() - killedAt).toBeLessThan(2_500);
    heir.send({ type: "finish" });
    expect(await mill.wait(id)).toMatchObject({ state: "completed", attempt: 2 });
  });

  it("a worker whose handler blocks the event loop for several leases is not dead: nobody else takes its job", async () => {
    const scene = Scene.on(kind);
    const mill = await scene.open();
    const busy = await scene.worker(LEASE);
    const { id } = await mill.enqueue("compute", 4 * LEASE.leaseMs);
    await busy.hears(isOf("running"));
    const idle = await scene.worker(LEASE);
    const job = await mill.wait(id);
    expect(job).toMatchObject({ state: "completed", attempt: 1 });
    expect(idle.told.some(isOf("running"))).toBe(false);
    expect(await mill.attempts(id)).toEqual([]);
  });
});
