import { describe, expect, it } from "vitest";
import { aBusyStore, type BusyStore } from "./busy-store.ts";
import { drained, expectRecovery } from "./recovery.ts";
import { anAdmin, aServer, missingServer, newRoad } from "./road.ts";

describe.skipIf(missingServer() !== undefined)("a server that goes away while workers work", () => {
  const server = aServer();

  const begin = async (): Promise<BusyStore> => aBusyStore((await newRoad(server())).directUrl);

  it.each(["fast", "immediate", "kill"] as const)(
    "and comes back after %s: nothing acknowledged is lost, and all are at work again within 5 s",
    async (how) => {
      const { mill, other, producer, more } = await begin();
      await more(100);
      await (how === "kill" ? server().kill() : server().stop(how));
      await server().start();
      await Promise.all([expectRecovery(mill, "work"), expectRecovery(other, "work")]);
      await more(100);
      await producer.stop();
      await drained(mill);
      await producer.expectTruth();
    },
  );

  it("ends every connection again and again: nothing is lost, and nobody needs to be started anew", async () => {
    const { mill, producer, more } = await begin();
    const admin = await anAdmin(server());
    let endedCount = 0;
    for (let round = 0; round < 20; round++) {
      await more(20);
      const { rowCount } = await admin.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
      );
      endedCount += rowCount ?? 0;
    }
    await expectRecovery(mill, "work");
    await producer.stop();
    await drained(mill);
    await producer.expectTruth();
    expect(endedCount).toBeGreaterThan(40);
  });
});
