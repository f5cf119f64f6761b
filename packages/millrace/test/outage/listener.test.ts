import { describe, expect, it } from "vitest";
import type { Millrace } from "millrace";
import { until } from "../runtime/until.ts";
import { CALL_LIMIT_MS, expectRecovery } from "./recovery.ts";
import { aServer, missingServer, newRoad, openClient } from "./road.ts";
import type { TcpProxy } from "../../src/verify/faults/tcp-proxy.ts";

/** The poll that stands behind wake-ups comes every two seconds; a job that waits for that takes longer, now and then. */
const AT_ONCE_MS = 1_000;
const ROUNDS = 10;

/** Watches for the connection on which somebody listens. */
class Eavesdropper {
  cut: (() => void) | undefined;
  /** How often somebody was told that they listen. */
  count = 0;

  constructor(proxy: TcpProxy) {
    proxy.onSaid = (text, cut) => {
      if (text.includes("LISTEN ")) this.cut = cut;
    };
    proxy.onAnswered = (bytes) => {
      if (bytes.includes("LISTEN\0")) this.count += 1;
      return bytes;
    };
  }
}

describe.skipIf(missingServer() !== undefined)("the connection that listens", () => {
  const server = aServer();

  /** A worker behind the proxy, and somebody else, past it, who enqueues. */
  async function aPair() {
    const { url, directUrl, proxy } = await newRoad(server());
    const eavesdropper = new Eavesdropper(proxy);
    const [mill, other] = [await openClient(url), await openClient(directUrl)];
    const worker = mill.worker({ concurrency: 5 }).handle("work", () => undefined);
    await worker.start();
    await until("somebody listens", () => eavesdropper.count > 0);
    return { other, proxy, eavesdropper };
  }

  async function tookMs(other: Millrace): Promise<number> {
    const { id } = await other.enqueue("work");
    const startedAt = performance.now();
    await other.wait(id);
    return performance.now() - startedAt;
  }

  it("is cut alone: it comes back by itself, and jobs that others enqueue meanwhile are picked up at once", async () => {
    const { other, eavesdropper } = await aPair();
    const took: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      eavesdropper.cut?.();
      took.push(await tookMs(other));
      await until("somebody listens again", () => eavesdropper.count > round);
    }
    process.stdout.write(`picked up after ${took.map((ms) => ms.toFixed(0)).join(", ")} ms\n`);
    expect(took.filter((ms) => ms > AT_ONCE_MS)).toEqual([]);
  });

  it("goes dead without a word: before long another takes its place, and wake-ups come at once again", async () => {
    const { other, proxy, eavesdropper } = await aPair();
    proxy.forget();
    await until("another listens", () => eavesdropper.count > 1, 15_000);
    await expectRecovery(other, "work", 3 * CALL_LIMIT_MS);
    const took: number[] = [];
    for (let round = 0; round < ROUNDS; round++) took.push(await tookMs(other));
    expect(took.filter((ms) => ms > AT_ONCE_MS)).toEqual([]);
  });

  it("goes dead the moment it begins to listen, and another takes its place all the same", async () => {
    const { url, directUrl, proxy } = await newRoad(server());
    const [mill, other] = [await openClient(url), await openClient(directUrl)];
    let count = 0;
    proxy.onSaid = (text) => {
      if (text.includes("LISTEN ") && ++count === 1) proxy.forget();
    };
    await mill
      .worker()
      .handle("work", () => undefined)
      .start();
    await until("another listens", () => count > 1, 15_000);
    await expectRecovery(other, "work", 3 * CALL_LIMIT_MS);
    const took: number[] = [];
    for (let round = 0; round < ROUNDS; round++) took.push(await tookMs(other));
    expect(took.filter((ms) => ms > AT_ONCE_MS)).toEqual([]);
  });
});
