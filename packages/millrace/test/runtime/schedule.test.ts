import { defineJob, NotFoundError } from "millrace";
import { expect, it } from "vitest";
import { z } from "zod";
import { onSharedStores, onEveryStore } from "./bench.ts";
import { until } from "./until.ts";

const YEARLY = "0 0 1 1 *";

onEveryStore("a schedule", (bench) => {
  it("enqueues when it is time", async () => {
    const mill = await bench().open();
    await mill.schedule("tick", "* * * * * *", "tick", { from: "schedule" }, { queue: "clock", priority: 3 });
    await bench()
      .worker(mill)
      .handle("tick", () => 1)
      .start();
    await until("it has fired", async () => (await mill.counts({ kind: "tick" })).completed >= 1);
    const { jobs } = await mill.list({ kind: "tick" });
    expect(jobs.at(-1)).toMatchObject({ queue: "clock", priority: 3, payload: { from: "schedule" }, number: 1 });
    expect((await mill.schedules())[0]?.lastAt).not.toBeNull();
  });

  it("is kept with its time zone and its next time, replaced by its name, and removed", async () => {
    const mill = await bench().open();
    await mill.schedule("nightly", "0 3 * * *", "report", { full: true }, { timeZone: "Europe/Berlin" });
    await mill.schedule("yearly", YEARLY, "report");
    const [nightly, yearly] = await mill.schedules();
    expect(nightly).toMatchObject({
      name: "nightly",
      cron: "0 3 * * *",
      timeZone: "Europe/Berlin",
      kind: "report",
      payload: { full: true },
      lastAt: null,
    });
    expect([1, 2]).toContain(nightly?.nextAt?.getUTCHours());
    expect(yearly?.nextAt).toEqual(new Date(Date.UTC(new Date().getUTCFullYear() + 1, 0, 1)));
    await mill.schedule("nightly", YEARLY, "other");
    expect((await mill.schedules()).map(({ name, kind }) => [name, kind])).toEqual([
      ["nightly", "other"],
      ["yearly", "report"],
    ]);
    await mill.unschedule("nightly");
    expect((await mill.schedules()).map(({ name }) => name)).toEqual(["yearly"]);
    await expect(mill.unschedule("nightly")).rejects.toThrow(NotFoundError);
  });

  it("is refused when its rule, its time zone, its payload or an option is wrong", async () => {
    const mill = await bench().open();
    const report = defineJob("report", { input: z.object({ full: z.boolean() }) });
    await expect(mill.schedule("s", "every day", "k")).rejects.toThrow('"every day" is no cron rule');
    await expect(mill.schedule("s", YEARLY, "k", null, { timeZone: "Mars" })).rejects.toThrow('"Mars" is no time zone');
    await expect(mill.schedule("s", YEARLY, report, { full: "yes" as never })).rejects.toThrow(/full: /);
    await expect(mill.schedule("s", YEARLY, "k", null, { prioriti: 1 } as never)).rejects.toThrow(
      'did you mean "priority"?',
    );
    await expect(mill.schedule("a/b", YEARLY, "k")).rejects.toThrow(/the name must not contain/);
    expect(await mill.schedules()).toEqual([]);
  });
});

onSharedStores("a schedule over two processes' clients", (bench) => {
  it("fires once for each due time", async () => {
    const [mill, other] = [await bench().open(), await bench().open()];
    for (const each of [mill, other])
      await bench()
        .worker(each)
        .handle("k", () => 1)
        .start();
    await mill.schedule("due", YEARLY, "k");
    const stranger = await bench().caller();
    for (let round = 1; round <= 8; round++) {
      // The time has come, for both at the same moment: what is put off wakes every client.
      await stranger.query(`UPDATE ${bench().table("schedule")} SET next_at = ${Date.now() - 1}`);
      await mill.enqueue("later", null, { delayMs: 3_600_000 });
      await until("it has fired", async () => (await mill.counts()).completed >= round);
    }
    expect(await mill.counts()).toMatchObject({ completed: 8, queued: 0, running: 0 });
  });

  it("makes up once for all the times at which nobody was there", async () => {
    const mill = await bench().open();
    await mill.schedule("missed", "0 * * * *", "k");
    const stranger = await bench().caller();
    await stranger.query(`UPDATE ${bench().table("schedule")} SET next_at = ${Date.now() - 30 * 86_400_000}`);
    const worker = bench()
      .worker(mill)
      .handle("k", () => 1);
    await worker.start();
    await until("it has fired", async () => (await mill.counts()).completed >= 1);
    await worker.drain();
    expect((await mill.counts()).completed).toBe(1);
    expect((await mill.schedules())[0]?.nextAt?.getTime()).toBeGreaterThan(Date.now());
  });
});
