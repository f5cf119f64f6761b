import { expect, it } from "vitest";
import { Actor } from "./actor.ts";
import { Scene } from "./scene.ts";
import { onEachStore } from "./store-kinds.ts";
import type { FromWorker } from "./worker-messages.ts";

const isRunning = (message: FromWorker) => message.type === "running";
const isAborted = (message: FromWorker) => message.type === "aborted";

onEachStore((kind) => {
  it("a worker that is sent SIGTERM finishes what it runs, signs off and ends with code 0", async () => {
    const scene = Scene.on(kind);
    const mill = await scene.open();
    const actor = await scene.worker({ stopGraceMs: 20_000, concurrency: 1 });
    const [first, second] = await mill.enqueueMany([{ kind: "stand" }, { kind: "stand" }]);
    await actor.hears(isRunning);
    expect(await mill.workers()).toHaveLength(1);
    actor.kill("SIGTERM");
    await actor.hears(({ type }) => type === "stopping");
    actor.send({ type: "finish" });
    expect(await actor.exited).toEqual({ code: 0, signal: null });
    expect(await mill.get(first?.id ?? "")).toMatchObject({ state: "completed", attempt: 1 });
    expect(await mill.get(second?.id ?? "")).toMatchObject({ state: "queued", attempt: 0 });
    expect(await mill.workers()).toEqual([]);
  });

  it("a worker that is sent SIGTERM gives back what does not end in its grace, uncounted and at once", async () => {
    const scene = Scene.on(kind);
    const mill = await scene.open();
    const actor = await scene.worker({ stopGraceMs: 50, abortGraceMs: 50, leaseMs: 60_000 });
    const { id } = await mill.enqueue("stand", null, { maxAttempts: 1 });
    await actor.hears(isRunning);
    actor.kill("SIGTERM");
    expect((await actor.hears(isAborted)).reason).toContain("the worker is stopping");
    expect(await actor.exited).toEqual({ code: 0, signal: null });
    expect(await mill.get(id)).toMatchObject({ state: "queued", attempt: 0 });
    const heir = await scene.worker();
    heir.send({ type: "finish" });
    expect(await mill.wait(id)).toMatchObject({ state: "completed", attempt: 1 });
  });

  // Its own limit: what this test is afraid of is a process that never ends.
  it("a worker that is stopped while it starts lets its process end by itself", { timeout: 20_000 }, async () => {
    const scene = Scene.on(kind);
    const mill = await scene.open();
    const input = { url: scene.url, stopsWhileStarting: true };
    const actor = scene.play(new Actor<FromWorker>(new URL("./worker-program.ts", import.meta.url), input));
    expect(await actor.exited).toEqual({ code: 0, signal: null });
    expect(await mill.workers()).toEqual([]);
  });
});
