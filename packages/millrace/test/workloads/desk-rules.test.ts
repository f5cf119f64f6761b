import {
  ConflictError,
  defineJob,
  InputError,
  LeaseLostError,
  type ByHand,
  type HeldJob,
  type Millrace,
} from "millrace";
import { expect, test } from "vitest";
import { Scene } from "../process/scene.ts";
import { onEachStore, SQLITE } from "../process/store-kinds.ts";

const manual = defineJob<object>("docs.read", { manual: true, queue: "docs", timeoutMs: 60_000 });
const report = { summary: "read it twice" };

const refOf = ({ job, token }: HeldJob) => ({ job: job.id, token });

async function claimNext(hand: ByHand): Promise<HeldJob> {
  const held = await hand.claim("docs");
  if (held === null) throw new Error("a job was to be claimed");
  return held;
}

/** A job that is claimed and has failed, since nobody reported it in time. */
async function failedByTime(mill: Millrace, hand: ByHand): Promise<HeldJob> {
  const { id } = await mill.enqueue(manual, {}, { timeoutMs: 20 });
  const held = await hand.claimJob(id);
  await new Promise((resolve) => {
    setTimeout(resolve, held.failAt.getTime() - Date.now() + 20);
  });
  return held;
}

onEachStore((kind) => {
  test("B4 the next job is claimed in order, by its kind's label; its claimer is stored, and it is reported once", async () => {
    const mill = await Scene.on(kind).open();
    const hand = mill.byHand({ name: "anna" });
    expect(await hand.claim("docs")).toBeNull();
    await mill.enqueue("docs.script", {}, { queue: "docs" });
    const payload = { text: 'quoted "text" \n 🎬', nested: [{ deep: { deeper: [null, 1.5, true] } }] };
    await mill.enqueue(manual, payload, { group: "release-1.4" });
    await mill.enqueue(manual, {});
    const first = await claimNext(hand);
    expect(first.job).toMatchObject({ number: 2, payload, worker: hand.worker, group: "release-1.4" });
    expect(hand.worker).toMatch(/^hand_anna_/);
    expect(first.failAt.getTime() - first.warnAt.getTime()).toBe(60_000);
    expect((await claimNext(mill.byHand())).job.number).toBe(3);
    expect(await hand.complete(refOf(first), report)).toMatchObject({ state: "completed", result: report });
  });

  test("B4 a report without a summary is refused, and changes nothing; one that fails says why", async () => {
    const mill = await Scene.on(kind).open();
    const hand = mill.byHand();
    await mill.enqueue(manual, {});
    const held = await claimNext(hand);
    for (const summary of [undefined, "", " \n", 7]) {
      await expect(hand.complete(refOf(held), { summary } as typeof report)).rejects.toThrow(InputError);
    }
    await expect(hand.fail(refOf(held), " ")).rejects.toThrow(/say why/);
    expect((await mill.get(held.job.id))?.state).toBe("running");
    const failed = await hand.fail(refOf(held), "chapter 3 was never written", "MissingSource");
    const error = { name: "MissingSource", message: "chapter 3 was never written", permanent: true };
    expect(failed).toMatchObject({ state: "failed", error });
  });

  test("BD1 BD6 what somebody holds, or runs by itself, is not claimed; a made up token reports nothing", async () => {
    const mill = await Scene.on(kind).open();
    const [anna, bo] = [mill.byHand({ name: "anna" }), mill.byHand({ name: "bo" })];
    const byItself = await mill.enqueue("docs.script", {}, { queue: "docs" });
    await expect(anna.claimJob(byItself.id)).rejects.toThrow(/it is run by a worker/);
    await mill.enqueue(manual, {});
    const held = await claimNext(anna);
    await expect(bo.claimJob(held.job.id)).rejects.toThrow(`it is running; ${anna.worker} holds it`);
    await expect(bo.complete({ job: held.job.id, token: held.token + 1 }, report)).rejects.toThrow(LeaseLostError);
    expect((await mill.get(held.job.id))?.state).toBe("running");
    expect(await bo.lateReports(held.job.id)).toEqual([]);
    const later = await mill.enqueue(manual, {}, { queue: "paused" });
    await mill.queue("paused").pause();
    await expect(bo.claimJob(later.id)).rejects.toThrow(/the queue "paused" is paused/);
  });

  test("BD3 what has completed cannot fail, and its first result stays", async () => {
    const mill = await Scene.on(kind).open();
    const hand = mill.byHand();
    await mill.enqueue(manual, {});
    const held = await claimNext(hand);
    await hand.complete(refOf(held), report);
    await expect(hand.fail(refOf(held), "after all")).rejects.toThrow(LeaseLostError);
    await hand.complete(refOf(held), { summary: "another" });
    expect(await mill.get(held.job.id)).toMatchObject({ state: "completed", result: report });
  });

  test("B6 B7 a completion after twice the limit is refused and kept; it can be adopted, once", async () => {
    const mill = await Scene.on(kind).open();
    const hand = mill.byHand({ name: "anna" });
    const held = await failedByTime(mill, hand);
    // Nobody has looked since; whoever reports does.
    await expect(hand.complete(refOf(held), report)).rejects.toThrow(/it has failed \(AttemptTimeoutError\).* is kept/);
    await expect(hand.extend(refOf(held), 1_000)).rejects.toThrow(LeaseLostError);
    const failed = await mill.get(held.job.id);
    expect(failed).toMatchObject({ state: "failed", error: { name: "AttemptTimeoutError" } });
    expect(await hand.lateReports(held.job.id)).toMatchObject([{ by: hand.worker, report: JSON.stringify(report) }]);
    const adopted = await Promise.all([1, 2, 3].map(async () => mill.byHand().adopt(held.job.id, { by: "anna" })));
    expect(new Set(adopted.map(({ id }) => id)).size).toBe(1);
    expect(adopted[0]).toMatchObject({ state: "completed", retryOf: held.job.id, number: 2, result: report });
    expect((await mill.list()).jobs).toHaveLength(2);
  });

  test("B7 there is nothing to adopt of a job that has not ended, or was reported in time", async () => {
    const mill = await Scene.on(kind).open();
    const hand = mill.byHand();
    await mill.enqueue(manual, {});
    const held = await claimNext(hand);
    await expect(hand.adopt(held.job.id)).rejects.toThrow(ConflictError);
    await hand.complete(refOf(held), report);
    await expect(hand.adopt(held.job.id)).rejects.toThrow(/no report of it came too late/);
  });

  test("B6 BD4 extending gives more time, giving back starts anew, and what is cancelled is told", async () => {
    const mill = await Scene.on(kind).open();
    const hand = mill.byHand();
    const { id } = await mill.enqueue(manual, {});
    const first = await hand.claimJob(id);
    await hand.extend(refOf(first), 60_000);
    await hand.release(refOf(first));
    const second = await hand.claimJob(id);
    expect(second.token).toBe(2);
    expect(second.warnAt.getTime()).toBeGreaterThanOrEqual(first.warnAt.getTime());
    await hand.extend(refOf(second), 60_000);
    await mill.cancel(id, { by: "bo" });
    await expect(hand.extend(refOf(second))).rejects.toThrow(/its cancel was accepted/);
    await expect(hand.complete(refOf(second), report)).rejects.toThrow(/it is cancelled; the report is kept/);
    expect((await hand.adopt(id)).result).toEqual(report);
  });
});

test("B17 50 creates in less than 5 s, 20 claims in less than 2 s, a get in 50 ms, a list in 200 ms", async () => {
  const mill = await Scene.on(SQLITE).open();
  const hand = mill.byHand();
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const from = performance.now();
    await work();
    return performance.now() - from;
  };
  const creates = await timed(async () => {
    for (let n = 0; n < 50; n++) await mill.enqueue(manual, {});
  });
  const claims = await timed(async () => {
    for (let n = 0; n < 20; n++) await claimNext(hand);
  });
  const { id } = await mill.enqueue(manual, {});
  const [get, list] = [await timed(() => mill.get(id)), await timed(() => mill.list())];
  expect([creates < 5_000, claims < 2_000, get < 50, list < 200], `${creates} ${claims} ${get} ${list}`).toEqual(
    Array.from({ length: 4 }, () => true),
  );
});
