import { ConflictError, InputError, NotFoundError } from "millrace";
import { expect, it } from "vitest";
import { onEveryStore } from "./bench.ts";
import { Gate, until } from "./until.ts";

onEveryStore("a list of jobs", (bench) => {
  it("is newest first, page by page, without a job twice or left out, also while jobs are added", async () => {
    const mill = await bench().open();
    const jobs = await mill.enqueueMany(Array.from({ length: 25 }, (_, n) => ({ kind: "k", payload: n })));
    const seen: unknown[] = [];
    let cursor: string | null = null;
    const sizes: number[] = [];
    do {
      const page = await mill.list({}, { limit: 10, cursor });
      sizes.push(page.jobs.length);
      seen.push(...page.jobs.map(({ id }) => id));
      cursor = page.nextCursor;
      await mill.enqueue("added.meanwhile");
    } while (cursor !== null);
    expect(sizes).toEqual([10, 10, 5]);
    expect(seen).toEqual(jobs.map(({ id }) => id).toReversed());
  });

  it("is narrowed by each filter, and by several together", async () => {
    const mill = await bench().open();
    const one = await mill.enqueue("video.cut", 1, {
      queue: "video",
      scope: "acme",
      group: "g1",
      tags: { customer: "7" },
      createdBy: "anna",
      key: "clip-1",
    });
    const two = await mill.enqueue("mail.send", 2, { queue: "mail", group: "g2", tags: ["urgent"], createdBy: "ben" });
    await mill.cancel(two.id);
    const three = await mill.enqueue("mail.send", 3, { queue: "mail", delayMs: 60_000, tags: { customer: "8" } });
    const found = async (filter: Parameters<typeof mill.list>[0]): Promise<unknown[]> =>
      (await mill.list(filter)).jobs.map(({ payload }) => payload);
    expect(await found({ queue: "mail" })).toEqual([3, 2]);
    expect(await found({ kind: "video.cut" })).toEqual([1]);
    expect(await found({ state: "cancelled" })).toEqual([2]);
    expect(await found({ state: ["queued", "scheduled"] })).toEqual([3, 1]);
    expect(await found({ scope: "acme" })).toEqual([1]);
    expect(await found({ group: "g2" })).toEqual([2]);
    expect(await found({ tag: "customer" })).toEqual([3, 1]);
    expect(await found({ tag: "customer=7" })).toEqual([1]);
    expect(await found({ createdBy: "ben" })).toEqual([2]);
    expect(await found({ q: "clip" })).toEqual([1]);
    expect(await found({ q: one.id })).toEqual([1]);
    expect(await found({ q: three.id.slice(0, 29) })).toContain(3);
    expect(await found({ q: "%" })).toEqual([]);
    expect(await found({ queue: "mail", state: "scheduled", tag: "customer=8" })).toEqual([3]);
    expect(await found({ queue: "none" })).toEqual([]);
  });

  it("refuses wrong filters and pages", async () => {
    const mill = await bench().open();
    await expect(mill.list({ stat: "queued" } as never)).rejects.toThrow('did you mean "state"?');
    await expect(mill.list({ state: "waiting" as never })).rejects.toThrow('"waiting" is no state');
    await expect(mill.counts({ state: ["queued", "lost"] as never })).rejects.toThrow('"lost" is no state');
    await expect(mill.list({}, { limit: 0 })).rejects.toThrow(InputError);
    await expect(mill.list({}, { limit: 1_001 })).rejects.toThrow("limit must be at most 1000");
    await expect(mill.list({}, { cursor: "!" })).rejects.toThrow('"!" is no cursor of a list');
  });
});

onEveryStore("the counts", (bench) => {
  it("are the jobs of each state, all of them or those of a filter", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    const worker = bench()
      .worker(mill, { concurrency: 1 })
      .handle("good", () => 1)
      .handle("waits", () => gate.pass());
    await worker.handle("bad", () => Promise.reject(new Error("no"))).start();
    await mill.wait((await mill.enqueue("good")).id);
    await mill.wait((await mill.enqueue("bad", null, { maxAttempts: 1 })).id);
    await mill.cancel((await mill.enqueue("good", null, { delayMs: 60_000 })).id);
    await mill.enqueue("waits");
    await until("one runs", () => gate.arrived === 1);
    await mill.enqueueMany([{ kind: "good" }, { kind: "good" }, { kind: "good", options: { delayMs: 60_000 } }]);
    expect(await mill.counts()).toEqual({
      blocked: 0, scheduled: 1, queued: 2, running: 1, completed: 1, failed: 1, cancelled: 1,
    }); // prettier-ignore
    expect(await mill.counts({ kind: "bad" })).toMatchObject({ failed: 1, completed: 0, queued: 0 });
    expect(await mill.counts({ state: "queued" })).toMatchObject({ queued: 2, running: 0, completed: 0 });
    gate.open();
  });
});

onEveryStore("a job by its number", (bench) => {
  it("is found in its scope, and nowhere else", async () => {
    const mill = await bench().open();
    const job = await mill.enqueue("k", "x", { scope: "acme" });
    await mill.enqueue("k", "y");
    expect(await mill.find({ scope: "acme", number: 1 })).toEqual(job);
    expect(await mill.find({ scope: "default", number: 1 })).toMatchObject({ payload: "y" });
    expect(await mill.find({ scope: "acme", number: 2 })).toBeNull();
    expect(await mill.find({ scope: "none", number: 1 })).toBeNull();
    await expect(mill.find({ scope: "acme", number: 0 })).rejects.toThrow(/number must be a whole number/);
    expect(await mill.get("nonsense")).toBeNull();
    expect(await mill.get("job_00000000000000000000000000")).toBeNull();
  });
});

onEveryStore("retrying a job", (bench) => {
  it("makes a new one like it, with an id and a number of its own", async () => {
    const mill = await bench().open();
    let isBroken = true;
    await bench()
      .worker(mill, { labels: ["gpu"] })
      .handle("k", () => {
        if (isBroken) throw new Error("no");
        return "mended";
      })
      .start();
    const options = {
      maxAttempts: 1,
      priority: 4,
      group: "g",
      tags: { a: "b" },
      requires: ["gpu"],
      key: "one",
      timeoutMs: 5_000,
      createdBy: "anna",
    };
    const failed = await mill.wait((await mill.enqueue("k", { n: 1 }, options)).id);
    isBroken = false;
    const again = await mill.retry(failed.id, { by: "ben" });
    const { key, createdBy, ...same } = options;
    expect(again).toMatchObject({
      ...same,
      payload: { n: 1 },
      retryOf: failed.id,
      key: null,
      createdBy: "ben",
      number: 2,
      attempt: 0,
    });
    expect([key, createdBy]).toEqual(["one", "anna"]);
    expect(await mill.wait(again.id)).toMatchObject({ state: "completed", result: "mended" });
    expect(await mill.get(failed.id)).toEqual(failed);
  });

  it("is refused while it has not ended, and when there is none", async () => {
    const mill = await bench().open();
    const { id } = await mill.enqueue("k");
    const error = await mill.retry(id).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({ code: "state_conflict", details: { state: "queued" } });
    await expect(mill.retry("job_00000000000000000000000000")).rejects.toThrow(NotFoundError);
  });
});

onEveryStore("explaining a job", (bench) => {
  it("says why it is where it is, as it stands", async () => {
    const mill = await bench().open();
    const first = await mill.enqueue("k", null, { queue: "mail" });
    const { id } = await mill.enqueue("k", null, { queue: "mail" });
    const say = async (): Promise<string> => (await mill.explain(id)).sentences.join(" ");
    expect(await say()).toBe('No live worker serves the queue "mail". It is behind 1 job.');
    await mill.cancel(first.id);
    expect(await say()).toContain("It is the next of its lane.");
    const worker = bench()
      .worker(mill)
      .handle("k", () => Promise.reject(new RangeError("too far")));
    await worker.start();
    await until("it has failed once", async () => (await mill.get(id))?.state === "scheduled");
    expect(await say()).toMatch(
      /^It waits for its next attempt until .*Z; attempt 1 of 3 failed: RangeError: too far\.$/,
    );
    await mill.cancel(id, { by: "anna" });
    expect(await say()).toMatch(/^It was cancelled by anna at .*Z\.$/);
    await expect(mill.explain("nonsense")).rejects.toThrow(NotFoundError);
  });
});
