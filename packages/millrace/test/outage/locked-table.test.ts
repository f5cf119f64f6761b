import { describe, expect, it, onTestFinished } from "vitest";
import { Gate, until } from "../runtime/until.ts";
import { CALL_LIMIT_MS, drained, expectRecovery, expectRefusal, timed } from "./recovery.ts";
import { anAdmin, aServer, missingServer, newRoad, openClient } from "./road.ts";

describe.skipIf(missingServer() !== undefined)("a table that a stranger has locked", () => {
  const server = aServer();

  /** Held until the answer is called; nobody else can so much as read it. */
  async function lock(schema: string, table: string): Promise<() => Promise<void>> {
    const stranger = await anAdmin(server());
    await stranger.query(`BEGIN; LOCK TABLE ${schema}.${table} IN ACCESS EXCLUSIVE MODE`);
    return async () => void (await stranger.query("ROLLBACK"));
  }

  it.each(["ready", "running", "job", "counter", "lane"])(
    "(%s) makes calls end with store_busy within their bound, and everything goes on when it is released",
    async (table) => {
      const { directUrl, schema } = await newRoad(server());
      const mill = await openClient(directUrl);
      const gate = new Gate();
      const worker = mill.worker({ concurrency: 20 });
      worker.handle("stand", () => gate.pass()).handle("work", () => undefined);
      await worker.start();
      const standing = await mill.enqueueMany(Array.from({ length: 10 }, () => ({ kind: "stand" })));
      await until("they run", () => gate.arrived === standing.length);
      const release = await lock(schema, table);
      onTestFinished(release);

      const calls = await Promise.all([
        timed(() => mill.enqueue("work", null, { queue: "other", scope: "mine" })),
        timed(() => mill.enqueueMany([{ kind: "work" }, { kind: "work" }])),
        timed(() => mill.list({ state: ["queued", "running"] })),
        timed(() => mill.counts()),
        timed(() => mill.number("invoices")),
      ]);
      const refused = calls.filter(({ error }) => error !== undefined);
      for (const answer of refused) expectRefusal(answer, "store_busy");
      for (const { tookMs } of calls) expect(tookMs).toBeLessThan(CALL_LIMIT_MS);
      expect(refused.length).toBeGreaterThan(0);

      // Outcomes that cannot be written are kept, and leases too.
      gate.open();
      await until("no handler is at work any more", () => worker.stats.running === 0);
      await release();
      await expectRecovery(mill, "work");
      await drained(mill);
      for (const { id } of standing) expect(await mill.get(id)).toMatchObject({ state: "completed", attempt: 1 });
      expect((await mill.verify()).violations).toEqual([]);
    },
  );

  it("does not hold up those who do not need it", async () => {
    const { directUrl, schema } = await newRoad(server());
    const mill = await openClient(directUrl);
    const { id } = await mill.enqueue("work");
    await lock(schema, "schedule");
    expect((await timed(() => mill.enqueue("work"))).error).toBeUndefined();
    expect(await mill.get(id)).toMatchObject({ state: "queued" });
  });

  it("makes no call of one process wait for another's: a row that is held is not a table", async () => {
    const { directUrl, schema } = await newRoad(server());
    const mill = await openClient(directUrl);
    const stranger = await anAdmin(server());
    const [held, free] = await mill.enqueueMany([{ kind: "work" }, { kind: "work" }]);
    await stranger.query(`BEGIN; SELECT 1 FROM ${schema}.ready ORDER BY job LIMIT 1 FOR UPDATE`);
    const done: string[] = [];
    const worker = mill.worker().handle("work", ({ id }) => void done.push(id));
    await worker.start();
    await mill.wait(free?.id ?? "");
    expect(done).toEqual([free?.id]);
    await stranger.query("ROLLBACK");
    await mill.wait(held?.id ?? "");
  });
});
