import { expect, it } from "vitest";
import type { Claim, ClaimRequest, Store } from "../core/store.ts";
import { VirtualClock } from "../testing/index.ts";
import { Claimer } from "./claimer.ts";

/** Lets everything that is ready to run do so; no time passes. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** A claimer whose store answers when it is told to. */
function bench({ isSynchronous = true, slots = 4 } = {}) {
  const answers: ((count: number) => void)[] = [];
  const taken: number[] = [];
  const held = { count: 0 };
  const asked: number[] = [];
  let dryCount = 0;
  const answer = ({ max }: ClaimRequest): Promise<readonly Claim[]> =>
    new Promise((resolve) => {
      asked.push(max);
      answers.push((count) => resolve(Array.from({ length: count }, () => ({}) as Claim)));
    });
  const claimer = new Claimer({
    store: { claim: answer, capabilities: { isSynchronous } } as unknown as Store,
    clock: new VirtualClock(),
    random: () => 0,
    request: { org: "acme", worker: "w", queues: { order: "turns" }, labels: new Set(), leaseMs: 30_000 },
    free: () => slots - held.count,
    slots,
    prefetch: 0,
    take: (claims) => taken.push(claims.length),
    onDry: () => (dryCount += 1),
    onError: (error) => expect(error).toBeUndefined(),
  });
  const reply = async (count: number): Promise<void> => {
    answers.shift()?.(count);
    await settled();
  };
  return { claimer, taken, held, asks: asked, reply, asked: () => answers.length, dryCount: () => dryCount };
}

it("a claim that brings all it asked for is followed by none until a slot is free", async () => {
  const { claimer, taken, reply, asked } = bench();
  claimer.start();
  await reply(4);
  expect([taken, claimer.isDry, asked()]).toEqual([[4], false, 0]);
  claimer.slotFreed();
  claimer.slotFreed();
  await settled();
  expect(asked()).toBe(1);
});

it("a claim that brings less says that there is nothing left", async () => {
  const { claimer, taken, reply, dryCount } = bench();
  claimer.start();
  await reply(1);
  expect([taken, claimer.isDry, dryCount()]).toEqual([[1], true, 1]);
});

it("a wake-up that comes while a claim is under way is not forgotten: it claims again, and is not dry before", async () => {
  const { claimer, reply, asked, dryCount } = bench();
  claimer.start();
  claimer.wake();
  await reply(0);
  expect([claimer.isDry, dryCount(), asked()]).toEqual([false, 0, 1]);
  await reply(0);
  expect([claimer.isDry, dryCount()]).toEqual([true, 1]);
});

it("a wake-up ends being dry at once", async () => {
  const { claimer, reply } = bench();
  claimer.start();
  await reply(0);
  expect(claimer.isDry).toBe(true);
  claimer.wake();
  expect(claimer.isDry).toBe(false);
});

const BESIDE = { isSynchronous: false, slots: 100 } as const;

it("where the store works beside, two claims of half the slots are under way while there is plenty", async () => {
  const { claimer, held, asks, asked, reply } = bench(BESIDE);
  claimer.start();
  await settled();
  expect(asks).toEqual([50, 50]);
  held.count = 50;
  await reply(50);
  expect([asked(), asks.length], "nothing is asked for that is neither free nor on its way").toEqual([1, 2]);
  held.count = 0;
  claimer.slotFreed();
  await settled();
  expect([asked(), asks]).toEqual([2, [50, 50, 50]]);
});

it("of two claims under way it is the last to end that says that there is nothing left", async () => {
  const { claimer, asked, reply, dryCount } = bench(BESIDE);
  claimer.start();
  await settled();
  await reply(0);
  expect([claimer.isDry, dryCount()]).toEqual([false, 0]);
  await reply(0);
  expect([claimer.isDry, dryCount(), asked()]).toEqual([true, 1, 1]);
});

it("a claim that brings plenty ends the wait of the other, which came too early", async () => {
  const { claimer, held, asks, reply } = bench(BESIDE);
  claimer.start();
  await settled();
  await reply(0);
  expect(asks, "the first waits in the store for tickets").toEqual([50, 50, 50]);
  held.count = 50;
  await reply(50);
  await reply(0);
  expect(asks.slice(3), "and asks again for what is free").toEqual([50]);
});
