import { describe, expect, test } from "vitest";
import type { Claim, ClaimRequest } from "../../core/store.ts";
import { ParkedClaims } from "./parked-claims.ts";

const REQUEST: ClaimRequest = {
  org: "default",
  worker: "w",
  queues: { order: "turns" },
  labels: new Set(),
  max: 1,
  leaseMs: 30_000,
};
const A_CLAIM = {} as Claim;

/** Parked claims whose store answers when it is told to. */
function bench() {
  const answers: ((count: number) => void)[] = [];
  const parked = new ParkedClaims(
    () => new Promise((resolve) => answers.push((count) => resolve(Array.from({ length: count }, () => A_CLAIM)))),
  );
  const reply = async (count: number): Promise<void> => {
    answers.shift()?.(count);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { parked, reply, asked: () => answers.length };
}

describe("parked claims", () => {
  test("claim first, and wait only when nothing is there", async () => {
    const { parked, reply } = bench();
    const claims = parked.park(REQUEST, new AbortController().signal);
    await reply(2);
    expect(await claims).toHaveLength(2);
  });

  test("claim again for every commit of this process", async () => {
    const { parked, reply, asked } = bench();
    const claims = parked.park(REQUEST, new AbortController().signal);
    await reply(0);
    expect(asked()).toBe(0);
    parked.serve();
    await reply(0);
    parked.serve();
    await reply(1);
    expect(await claims).toHaveLength(1);
  });

  test("a commit while a claim is under way is not missed: the claim may have come too early for it", async () => {
    const { parked, reply, asked } = bench();
    const claims = parked.park(REQUEST, new AbortController().signal);
    parked.serve();
    await reply(0);
    expect(asked()).toBe(1);
    await reply(1);
    expect(await claims).toHaveLength(1);
  });

  test("the signal ends the wait, but never a claim that is under way", async () => {
    const { parked, reply } = bench();
    const [waiting, claiming] = [new AbortController(), new AbortController()];
    const first = parked.park(REQUEST, waiting.signal);
    await reply(0);
    const second = parked.park(REQUEST, claiming.signal);
    waiting.abort();
    claiming.abort();
    expect(await first).toEqual([]);
    await reply(1);
    expect(await second, "what was claimed is held, and so is answered").toHaveLength(1);
  });

  test("closing ends all waits, and what is under way is answered", async () => {
    const { parked, reply } = bench();
    const first = parked.park(REQUEST, new AbortController().signal);
    await reply(0);
    const second = parked.park(REQUEST, new AbortController().signal);
    parked.close();
    expect(await first).toEqual([]);
    await reply(1);
    expect(await second).toHaveLength(1);
  });

  test("that are lent claim once more for news that came meanwhile, and otherwise wait on", async () => {
    const { parked, reply, asked } = bench();
    const claims = parked.park(REQUEST, new AbortController().signal);
    await reply(0);
    parked.lend()?.giveBack([]);
    expect(asked()).toBe(0);
    const lent = parked.lend();
    expect(parked.lend()).toBeUndefined();
    parked.serve();
    expect(asked()).toBe(0);
    lent?.giveBack([]);
    expect(asked()).toBe(1);
    await reply(0);
    parked.lend()?.giveBack([A_CLAIM]);
    expect(await claims).toHaveLength(1);
  });

  test("that were lent and lost claim again", async () => {
    const { parked, reply } = bench();
    const claims = parked.park(REQUEST, new AbortController().signal);
    await reply(0);
    parked.lend()?.lose();
    await reply(2);
    expect(await claims).toHaveLength(2);
  });

  test("that end while they are lent are answered when they come back", async () => {
    const { parked, reply } = bench();
    const until = new AbortController();
    const claims = parked.park(REQUEST, until.signal);
    await reply(0);
    const lent = parked.lend();
    until.abort();
    lent?.giveBack([]);
    expect(await claims).toEqual([]);
    expect(parked.lend()).toBeUndefined();
  });

  test("a commit costs one claim for each sort of worker; who finds something sends two more", async () => {
    const { parked, reply, asked } = bench();
    const { signal } = new AbortController();
    const [gpu, plain] = [{ ...REQUEST, labels: new Set(["gpu"]) }, REQUEST];
    const waiting = [gpu, gpu, gpu, gpu, plain, plain].map((request) => parked.park(request, signal));
    for (let i = 0; i < 6; i++) await reply(0);
    parked.serve();
    expect(asked()).toBe(2);
    await reply(1);
    expect(asked()).toBe(3);
    for (let i = 0; i < 3; i++) await reply(0);
    expect(asked()).toBe(0);
    parked.close();
    expect((await Promise.all(waiting)).map((claims) => claims.length)).toEqual([1, 0, 0, 0, 0, 0]);
  });

  test("news for one that has gone meanwhile goes to the next of its line", async () => {
    const { parked, reply, asked } = bench();
    const gone = new AbortController();
    const first = parked.park(REQUEST, gone.signal);
    const second = parked.park(REQUEST, new AbortController().signal);
    await reply(0);
    await reply(0);
    parked.serve();
    parked.serve();
    parked.serve();
    gone.abort();
    await reply(0);
    expect(await first).toEqual([]);
    for (; asked() > 1;) await reply(0);
    await reply(1);
    expect(await second).toHaveLength(1);
  });
});
