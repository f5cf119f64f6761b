import { describe, expect, it } from "vitest";
import { until } from "../runtime/until.ts";
import { aBusyStore, type BusyStore } from "./busy-store.ts";
import { CALL_LIMIT_MS, drained, expectRecovery, expectRefusal, insist, RECOVERY_LIMIT_MS, timed } from "./recovery.ts";
import { aServer, missingServer, newRoad, openClient } from "./road.ts";
import type { TcpProxy } from "../../src/verify/faults/tcp-proxy.ts";

describe.skipIf(missingServer() !== undefined)("the network between", () => {
  const server = aServer();

  async function begin(): Promise<BusyStore & { readonly proxy: TcpProxy }> {
    const { url, proxy } = await newRoad(server());
    return { proxy, ...(await aBusyStore(url)) };
  }

  it("resets every connection again and again: nothing acknowledged is lost, nothing is there twice", async () => {
    const { proxy, mill, producer, more } = await begin();
    let cutCount = 0;
    for (let round = 0; round < 30; round++) {
      await more(10);
      cutCount += proxy.cut();
    }
    await expectRecovery(mill, "work");
    await producer.stop();
    await drained(mill);
    await producer.expectTruth();
    expect(cutCount).toBeGreaterThan(60);
  });

  it("brings the end of a connection together with an answer: the program lives on, and tries another", async () => {
    const { url, proxy } = await newRoad(server());
    let endCount = 0;
    proxy.onAnswered = (bytes) => {
      // The first thing that is asked on a connection is whether the server takes writes.
      if (!bytes.includes("SHOW\0") || endCount === 3) return bytes;
      endCount += 1;
      return Buffer.concat([bytes, goodbye("terminating connection due to administrator command")]);
    };
    const mill = await openClient(url);
    expect((await insist(() => mill.enqueue("work"))).number).toBe(1);
    expect(endCount).toBe(3);
  });

  it("goes silent: every call ends within its bound, and 5 s after it is heard again all work", async () => {
    const { proxy, mill, producer, more } = await begin();
    await more(50);
    proxy.silence();
    const calls: readonly (() => Promise<unknown>)[] = [
      () => mill.enqueue("work"),
      () => mill.enqueue("work", null, { queue: "new" }),
      () => mill.enqueueMany([{ kind: "work" }, { kind: "work" }]),
      () => mill.get(producer.acknowledged[0]?.id ?? ""),
      () => mill.list(),
      () => mill.counts(),
      () => mill.cancel(producer.acknowledged[0]?.id ?? ""),
      () => mill.number("invoices"),
      () => mill.workers(),
    ];
    const first = await Promise.all(calls.map((call) => timed(call)));
    const then = await Promise.all(calls.map((call) => timed(call)));
    for (const answer of [...first, ...then]) expectRefusal(answer);
    await proxy.heal();
    await expectRecovery(mill, "work");
    await producer.stop();
    await drained(mill);
    await producer.expectTruth();
  });

  it("forgets the connections there are: calls go on over new ones, within their bounds", async () => {
    const { proxy, mill, producer, more } = await begin();
    for (let round = 0; round < 2; round++) {
      await more(50);
      proxy.forget();
      await expectRecovery(mill, "work", CALL_LIMIT_MS);
    }
    await producer.stop();
    await drained(mill);
    await producer.expectTruth();
  });

  it("forgets all connections of a program that makes one call after the other: it does not find out one by one", async () => {
    const { url, proxy } = await newRoad(server());
    const mill = await openClient(url);
    await Promise.all(Array.from({ length: 20 }, () => mill.counts()));
    expect(proxy.linkCount).toBeGreaterThan(4);
    proxy.forget();
    const startedAt = performance.now();
    for (let i = 0; i < 5; i++) await insist(() => mill.enqueue("work"));
    expect(performance.now() - startedAt).toBeLessThan(CALL_LIMIT_MS + RECOVERY_LIMIT_MS);
  });

  it("forgets a connection while it is being made: the call that waits for it ends within its bound", async () => {
    const { url, proxy } = await newRoad(server());
    const mill = await openClient(url);
    let isForgotten = false;
    proxy.onSaid = (text) => {
      if (isForgotten || !text.includes("transaction_read_only")) return;
      isForgotten = true;
      proxy.forget();
    };
    const calls = await Promise.all(Array.from({ length: 6 }, () => timed(() => mill.enqueueMany([{ kind: "work" }]))));
    calls.push(...(await Promise.all(Array.from({ length: 6 }, () => timed(() => mill.list().then(() => []))))));
    expect(isForgotten).toBe(true);
    for (const { tookMs } of calls) expect(tookMs).toBeLessThan(CALL_LIMIT_MS);
  });

  it("refuses for a while: workers are back by themselves", async () => {
    const { proxy, mill, producer, more } = await begin();
    await more(50);
    await proxy.refuse();
    await until("somebody was refused", () => producer.refusals.length > 0, 2 * CALL_LIMIT_MS);
    await proxy.heal();
    await expectRecovery(mill, "work");
    await producer.stop();
    await drained(mill);
    await producer.expectTruth();
  });

  it("is silent when a program ends, or has forgotten it: close() ends all the same, within its bound", async () => {
    const { url, proxy } = await newRoad(server());
    const idle = await openClient(url);
    await Promise.all(Array.from({ length: 10 }, () => idle.counts()));
    proxy.forget();
    const { mill, producer, more } = await aBusyStore(url);
    await more(20);
    proxy.silence();
    await producer.stop();
    for (const { error, tookMs } of await Promise.all([timed(() => idle.close()), timed(() => mill.close())])) {
      expect(error).toBeUndefined();
      // One after the other: what is under way, the outcomes, the last heartbeat, and signing off.
      expect(tookMs).toBeLessThan(4 * ANSWER_LIMIT_MS + 3_000);
    }
  });
});

/** So long a call waits for an answer. */
const ANSWER_LIMIT_MS = 5_500;

/** What a server says before it closes a connection. */
function goodbye(message: string): Buffer {
  const fields = Buffer.from(["SFATAL", "VFATAL", "C57P01", `M${message}`, "", ""].join("\0"), "latin1");
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
