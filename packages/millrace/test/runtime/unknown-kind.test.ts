import { expect, it } from "vitest";
import { onSharedStores, onEveryStore } from "./bench.ts";
import { until } from "./until.ts";

onEveryStore("a job of a kind that a worker has no handler for", (bench) => {
  it("is put off, its attempt is not counted, and there is a warning that names the kind", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      .handle("known", () => 1)
      .start();
    const { id } = await mill.enqueue("unknown", { any: 1 }, { maxAttempts: 1 });
    await until("it is put off", async () => (await mill.get(id))?.state === "scheduled");
    const job = await mill.get(id);
    expect(job).toMatchObject({ attempt: 0, error: null });
    expect((job?.runAt.getTime() ?? 0) - (job?.createdAt.getTime() ?? 0)).toBeGreaterThan(5_000);
    const warning = bench().said.find(({ message }) => message.includes("no handler for the kind"));
    expect(warning).toMatchObject({ level: "warn", fields: { kind: "unknown", job: id, handled: ["known"] } });
  });
});

onSharedStores("a job that one worker put off", (bench) => {
  it("goes to another worker, that knows its kind", async () => {
    const [mill, other] = [await bench().open(), await bench().open()];
    const stranger = bench()
      .worker(mill)
      .handle("known", () => 1);
    await stranger.start();
    const { id } = await mill.enqueue("unknown", null, { maxAttempts: 1 });
    await until("it is put off", async () => (await mill.get(id))?.state === "scheduled");
    await stranger.stop();
    await bench()
      .worker(other)
      .handle("unknown", () => "known here")
      .start();
    // Its time comes, sooner than it would; what is put off wakes every client.
    await (await bench().caller()).query(`UPDATE ${bench().table("scheduled")} SET run_at = 0 WHERE run_at > 0`);
    await mill.enqueue("later", null, { delayMs: 3_600_000 });
    expect(await other.wait(id)).toMatchObject({ state: "completed", result: "known here", attempt: 1 });
  });
});
