import type { Millrace } from "millrace";
import { describe, expect, it } from "vitest";
import { Gate, until } from "../runtime/until.ts";
import { CALL_LIMIT_MS, expectRecovery, insist, timed } from "./recovery.ts";
import { aServer, missingServer, newRoad, openClient, type Road } from "./road.ts";

const LEASE_MS = 2_000;
const WORKER = { concurrency: 20, leaseMs: LEASE_MS } as const;

describe.skipIf(missingServer() !== undefined)("an answer that is lost", () => {
  const server = aServer();

  async function aPair(): Promise<Road & { readonly mill: Millrace; readonly watcher: Millrace }> {
    const road = await newRoad(server());
    return { ...road, mill: await openClient(road.url), watcher: await openClient(road.directUrl) };
  }

  it("of a claim: its jobs run, once each, within a lease and some", async () => {
    const { proxy, mill, watcher } = await aPair();
    const ran: string[] = [];
    const worker = mill.worker(WORKER).handle("work", ({ id }, { token }) => void ran.push(`${id} ${token}`));
    await worker.start();
    await expectRecovery(watcher, "work");
    ran.length = 0;
    proxy.mute();
    const jobs = await watcher.enqueueMany(Array.from({ length: 10 }, () => ({ kind: "work" })));
    await until("they are claimed", async () => (await watcher.counts()).running > 0);
    expect(ran).toEqual([]);
    await proxy.heal();
    const startedAt = performance.now();
    await Promise.all(jobs.map(({ id }) => watcher.wait(id, { timeoutMs: 30_000 })));
    expect(performance.now() - startedAt).toBeLessThan(LEASE_MS + 1_000 + 2_000);
    expect(ran.length).toBe(jobs.length);
    expect(new Set(ran).size).toBe(jobs.length);
    expect((await watcher.verify()).violations).toEqual([]);
  });

  it("of the rest of a claim: what it had got until then is not handed out again", async () => {
    const { proxy, mill, watcher } = await aPair();
    const gate = new Gate();
    const ran: string[] = [];
    const worker = mill.worker({ concurrency: 50 }).handle("work", async ({ id }) => {
      ran.push(id);
      await gate.pass();
    });
    worker.handle("quick", () => undefined);
    await worker.start();
    await expectRecovery(watcher, "quick");

    /** Break the network when a claim that has taken some looks for more. True if it was in time. */
    async function breakBetween(count: number): Promise<boolean> {
      let hasTaken = false;
      let isBroken = false;
      proxy.onSaid = (text) => {
        if (hasTaken && !isBroken && text.includes("claim_queues")) {
          isBroken = true;
          void proxy.refuse();
        }
        hasTaken ||= text.includes("claim_take");
      };
      const before = ran.length;
      await watcher.enqueueMany(Array.from({ length: count }, () => ({ kind: "work" })));
      await until("the network is broken", () => isBroken);
      // What the broken claim holds is answered when it gives up; nothing else can be answered until then.
      const { error } = await timed(() => until("they run", () => ran.length >= before + count, CALL_LIMIT_MS));
      proxy.onSaid = () => undefined;
      await proxy.heal();
      await expectRecovery(watcher, "quick", CALL_LIMIT_MS);
      await expectRecovery(watcher, "quick", CALL_LIMIT_MS);
      return error === undefined;
    }
    let isInTime = false;
    for (let round = 0; round < 5 && !isInTime; round++) isInTime = await breakBetween(5);
    expect(isInTime).toBe(true);
    expect(ran.length).toBe(new Set(ran).size);
    gate.open();
    await insist(() => worker.drain());
    expect((await watcher.counts()).completed).toBe(worker.stats.settled);
    expect(worker.stats.dropped).toBe(0);
  });

  it("of an enqueue: it is told when the network is back, or the call is refused; in no case is the job there twice", async () => {
    const { proxy, mill, watcher } = await aPair();
    for (let round = 1; round <= 5; round++) {
      await insist(() => mill.enqueue("warm"));
      // So many connections that one is free for what follows: on a new one nothing would ever be asked.
      await Promise.all(Array.from({ length: 5 }, () => insist(() => mill.counts())));
      const before = (await watcher.counts()).queued;
      proxy.mute();
      const answering = timed(() => mill.enqueue("work", { round }));
      await until("it is written", async () => (await watcher.counts()).queued > before);
      await proxy.heal();
      const { value, error } = await answering;
      const [job, ...more] = (await watcher.list({ kind: "work" })).jobs.filter(
        ({ payload }) => (payload as { round: number }).round === round,
      );
      expect(more).toEqual([]);
      if (error === undefined) expect(value).toMatchObject({ id: job?.id, number: job?.number });
      else expect(error).toMatchObject({ code: "store_unavailable", retryable: true });
    }
    const numbers = (await watcher.list({}, { limit: 100 })).jobs.map(({ number }) => number ?? 0);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, i) => i + 1));
    expect((await watcher.verify()).violations).toEqual([]);
  });

  it("of an enqueue whose job has run and been deleted since: it is not run again", async () => {
    const { proxy, mill, watcher } = await aPair();
    await watcher.queue("brief").configure({ retention: { completedMs: 0 } });
    const ran: string[] = [];
    const worker = watcher.worker({ queues: ["brief"] }).handle("work", ({ id }) => void ran.push(id));
    await worker.start();
    await insist(() => mill.enqueue("work", null, { queue: "brief" }));
    // So many connections that one is free for what follows: on a new one nothing would ever be asked.
    await Promise.all(Array.from({ length: 5 }, () => insist(() => mill.counts())));
    await until("the first has run", () => worker.stats.settled === 1);
    await until("the first is deleted", async () => (await watcher.prune()) > 0);
    proxy.mute();
    const answering = timed(() => mill.enqueue("work", null, { queue: "brief" }));
    await until("it has run", () => worker.stats.settled === 2);
    await until("it is deleted", async () => (await watcher.prune()) > 0);
    await proxy.heal();
    expect((await answering).error).toMatchObject({ code: "store_unavailable", retryable: true });
    await insist(() => mill.counts());
    expect(ran.length).toBe(2);
    expect(await watcher.list({ kind: "work" })).toMatchObject({ jobs: [] });
  });

  it("of a completion: the handler is told the truth or nothing, and the job is completed once", async () => {
    const { proxy, mill, watcher } = await aPair();
    const gate = new Gate();
    const told: unknown[] = [];
    const worker = mill.worker({ ...WORKER, leaseMs: 30_000 }).handle("work", async (_, ctx) => {
      await gate.pass();
      const { error } = await timed(() => ctx.complete("done"));
      told.push(error);
      if (error !== undefined) throw error as Error;
    });
    await worker.start();
    const { id } = await watcher.enqueue("work");
    await until("it runs", () => gate.arrived === 1);
    proxy.mute();
    gate.open();
    expect(await watcher.wait(id)).toMatchObject({ state: "completed", attempt: 1, result: "done" });
    await proxy.heal();
    await until("the handler was told", () => told.length === 1, CALL_LIMIT_MS);
    if (told[0] !== undefined) expect(told[0]).toMatchObject({ code: "store_unavailable", retryable: true });
    await expectRecovery(watcher, "work", CALL_LIMIT_MS);
    await until("the worker holds nothing", () => worker.stats.running === 0);
    expect(worker.stats).toMatchObject({ claimed: 2, settled: 2, dropped: 0 });
    expect(await watcher.get(id)).toMatchObject({ state: "completed", attempt: 1, result: "done" });
  });

  it("to a report: whoever falls silent in the middle of it does not keep its job from being taken back", async () => {
    const { proxy, mill, watcher } = await aPair();
    const gate = new Gate();
    const silent = mill.worker(WORKER).handle("work", async (_, ctx) => {
      ctx.progress(50);
      await gate.pass();
    });
    await silent.start();
    let silentSince: number | undefined;
    proxy.onSaid = (text) => {
      if (silentSince !== undefined || !text.includes("lease_hold_alone")) return;
      silentSince = performance.now();
      proxy.mute();
    };
    const { id } = await watcher.enqueue("work");
    await until("it reports, and hears no more", () => silentSince !== undefined);
    const worker = watcher.worker(WORKER).handle("work", () => undefined);
    await worker.start();
    expect(await watcher.wait(id, { timeoutMs: 30_000 })).toMatchObject({ state: "completed", attempt: 2 });
    expect(performance.now() - (silentSince ?? 0)).toBeLessThan(LEASE_MS + 1_000 + 2_000);
    await proxy.heal();
    gate.open();
  });

  it("to a settlement: it is sent again, and counts once", async () => {
    const { proxy, mill, watcher } = await aPair();
    const gate = new Gate();
    const worker = mill.worker({ ...WORKER, leaseMs: 30_000 }).handle("work", async () => gate.pass());
    await worker.start();
    const { id } = await watcher.enqueue("work");
    await until("it runs", () => gate.arrived === 1);
    proxy.mute();
    gate.open();
    expect(await watcher.wait(id)).toMatchObject({ state: "completed", attempt: 1 });
    await proxy.heal();
    await until("the worker has heard of it", () => worker.stats.settled === 1, CALL_LIMIT_MS);
    expect(worker.stats).toMatchObject({ claimed: 1, settled: 1, dropped: 0 });
  });
});
