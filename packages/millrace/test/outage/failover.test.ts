import { describe, expect, it, onTestFinished } from "vitest";
import { startServer, type PostgresServer } from "../postgres/server.ts";
import { promote } from "../../src/verify/faults/server/standby.ts";
import { startStandby } from "../postgres/standby.ts";
import { until } from "../runtime/until.ts";
import { Producer } from "./producer.ts";
import { drained, expectRecovery } from "./recovery.ts";
import { missingServer, openClient } from "./road.ts";

/** Both hosts, in one URL. */
function urlOf(...servers: readonly PostgresServer[]): string {
  const { username, password, pathname } = new URL(servers[0]?.url ?? "");
  const hosts = servers.map(({ port }) => `127.0.0.1:${port}`).join(",");
  return `postgres://${username}:${password}@${hosts}${pathname}?target_session_attrs=read-write`;
}

describe.skipIf(missingServer() !== undefined)("a failover to a standby", () => {
  async function aPair(): Promise<{ readonly primary: PostgresServer; readonly standby: PostgresServer }> {
    const primary = await startServer();
    onTestFinished(() => primary.remove());
    const standby = await startStandby(primary);
    onTestFinished(() => standby.remove());
    return { primary, standby };
  }

  it.each(["the primary first", "the standby first"])(
    "in the middle of the work (the URL names %s): all are at work again within 5 s of the promotion, and every job and outcome that was acknowledged is there",
    async (order) => {
      const { primary, standby } = await aPair();
      const url = order === "the primary first" ? urlOf(primary, standby) : urlOf(standby, primary);
      const mill = await openClient(url);
      const other = await openClient(url);
      const settled = new Set<string>();
      let doneCount = 0;
      const worker = mill.worker({ concurrency: 20, leaseMs: 3_000 });
      worker.handle("work", async ({ id }, ctx) => {
        await ctx.complete("said");
        // Acknowledged: from here on it must be true on whichever server there is.
        settled.add(id);
        doneCount += 1;
      });
      worker.handle("quick", () => undefined);
      await worker.start();
      const producer = new Producer(other, "work");
      await until("there is work", () => doneCount >= 200, 60_000);

      await primary.kill();
      await promote(standby);
      await Promise.all([expectRecovery(mill, "quick"), expectRecovery(other, "quick")]);
      const goal = doneCount + 100;
      await until("the work goes on", () => doneCount >= goal, 60_000);
      await producer.stop();
      await drained(mill);
      await producer.expectTruth();
      const jobs = await Promise.all([...settled].map((id) => mill.get(id)));
      expect(jobs.filter((job) => job?.state !== "completed" || job.result !== "said")).toEqual([]);
    },
  );

  it("that has not been promoted yet: a standby is no place to work, and says so", async () => {
    const { primary, standby } = await aPair();
    await (await openClient(urlOf(primary))).enqueue("work");
    await expect(openClient(urlOf(standby))).rejects.toMatchObject({ code: "store_unavailable", retryable: true });
    const mill = await openClient(urlOf(standby, primary));
    expect((await mill.enqueue("work")).number).toBe(2);
  });
});
