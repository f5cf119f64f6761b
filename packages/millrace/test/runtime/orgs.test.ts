import { NotFoundError, type Millrace } from "millrace";
import { expect, it } from "vitest";
import { onSharedStores } from "./bench.ts";
import { until } from "./until.ts";

onSharedStores("two organisations on one store", (bench) => {
  const open = async (): Promise<readonly [Millrace, Millrace]> => [
    await bench().open({ org: "acme" }),
    await bench().open({ org: "globex" }),
  ];

  it("do not see each other's jobs: they are as if they were not there", async () => {
    const [acme, globex] = await open();
    const { id } = await acme.enqueue("k", "secret", { scope: "s", group: "g" });
    expect(await globex.get(id)).toBeNull();
    expect(await globex.find({ scope: "s", number: 1 })).toBeNull();
    for (const filter of [{}, { group: "g" }, { scope: "s" }, { kind: "k" }, { queue: "default" }, { q: id }]) {
      expect((await globex.list(filter)).jobs).toEqual([]);
      expect((await globex.counts(filter)).queued).toBe(0);
    }
    const calls = ["wait", "explain", "attempts", "logs", "cancel", "retry"] as const;
    for (const call of calls) {
      const told = await globex[call](id).catch((error: unknown) => error);
      const unknown = await globex[call]("job_00000000000000000000000000").catch((error: unknown) => error);
      expect(told).toBeInstanceOf(NotFoundError);
      expect((told as Error).message.replace(id, "…")).toBe(
        (unknown as Error).message.replace("job_00000000000000000000000000", "…"),
      );
    }
    expect((await acme.list()).jobs).toMatchObject([{ id, org: "acme", state: "queued" }]);
  });

  it("have queues, numbers, keys, schedules and workers of their own", async () => {
    const [acme, globex] = await open();
    await acme.queue("mail").pause();
    const one = await acme.enqueue("k", 1, { queue: "mail", key: "x" });
    const two = await globex.enqueue("k", 2, { queue: "mail", key: "x" });
    expect([one.number, two.number]).toEqual([1, 1]);
    await acme.schedule("daily", "0 0 * * *", "k");
    expect(await globex.schedules()).toEqual([]);
    await expect(globex.unschedule("daily")).rejects.toThrow(NotFoundError);
    expect((await globex.queues()).map(({ name, isPaused }) => [name, isPaused])).toEqual([["mail", false]]);
    await bench()
      .worker(acme)
      .handle("k", () => "acme")
      .start();
    await bench()
      .worker(globex)
      .handle("k", () => "globex")
      .start();
    expect((await acme.workers()).length).toBe(1);
    expect(await globex.wait(two.id)).toMatchObject({ result: "globex" });
    await acme.queue("mail").resume();
    expect(await acme.wait(one.id)).toMatchObject({ result: "acme" });
  });

  it("hear only their own events", async () => {
    const [acme, globex] = await open();
    const heard: string[] = [];
    const controller = new AbortController();
    const following = (async () => {
      for await (const { kind } of globex.events({ signal: controller.signal })) heard.push(kind);
    })();
    await acme.enqueue("of.acme");
    await globex.enqueue("of.globex");
    await until("one is heard", () => heard.length > 0);
    await acme.enqueue("of.acme");
    await globex.enqueue("of.globex");
    await until("two are heard", () => heard.length > 1);
    controller.abort();
    await following;
    expect(heard).toEqual(["of.globex", "of.globex"]);
  });
});
