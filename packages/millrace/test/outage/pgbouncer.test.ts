import { openMillrace, snooze, type Millrace } from "millrace";
import { Client } from "pg";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { passed, until } from "../runtime/until.ts";
import { findPgBouncer, startPgBouncer, type PgBouncer } from "./pgbouncer.ts";
import { Producer } from "./producer.ts";
import { drained, expectRecovery, expectRefusal, timed } from "./recovery.ts";
import { anAdmin, aServer, missingServer, newRoad, openClient } from "./road.ts";
import { TcpProxy } from "../../src/verify/faults/tcp-proxy.ts";

const program = findPgBouncer();
/** Of the server, for all clients of the pooler: so few that transactions of one client go over all of them. */
const CONNECTIONS = 4;

if (program === undefined) process.stdout.write("PgBouncer is not installed here; the tests behind it are skipped\n");

describe.skipIf(missingServer() !== undefined || program === undefined)("behind PgBouncer in transaction mode", () => {
  const server = aServer();
  let pooler: PgBouncer | undefined;
  /** What the pooler has said to the server for its clients. */
  let said: string[] = [];
  beforeAll(async () => {
    const wire = await TcpProxy.to({ host: "127.0.0.1", port: server().port });
    wire.onSaid = (text) => void said.push(text);
    pooler = await startPgBouncer(program ?? "", wire.through(server().url), CONNECTIONS);
    return async () => {
      await pooler?.end();
      await wire.close();
    };
  });
  beforeEach(() => void (said = []));

  async function aPlace() {
    const { schema, directUrl } = await newRoad(server());
    const url = `${pooler?.url}?schema=${schema}&pgbouncer=true`;
    return { url, schema, directUrl };
  }

  it("jobs are enqueued, run, snoozed, retried, reported on, cancelled and counted", async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error): void => void warnings.push(message);
    process.on("warning", onWarning);
    onTestFinished(() => void process.off("warning", onWarning));
    const { url } = await aPlace();
    const [mill, other] = [await openClient(url), await openClient(url)];
    const worker = mill.worker({ concurrency: 10, leaseMs: 3_000 });
    worker.handle("plain", (_, ctx) => {
      ctx.log("said");
      ctx.progress(50);
      return "plain";
    });
    worker.handle("flaky", (_, ctx) => {
      if (ctx.token === 1) throw new Error("once");
      return ctx.token === 2 ? snooze(10) : ctx.token;
    });
    worker.handle("parent", async (_, ctx) => (await ctx.mill.enqueue("plain")).id);
    worker.handle(
      "endless",
      (_, ctx) =>
        new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error))),
    );
    await worker.start();

    const jobs = await other.enqueueMany(Array.from({ length: 100 }, () => ({ kind: "plain" })));
    const flaky = await other.enqueue("flaky", null, { backoff: { type: "fixed", delayMs: 10 }, key: "one" });
    expect((await other.enqueue("flaky", null, { key: "one", backoff: { type: "fixed", delayMs: 10 } })).id).toBe(
      flaky.id,
    );
    const parent = await other.enqueue("parent", null, { delayMs: 20 });
    const endless = await other.enqueue("endless");
    await until("it runs", async () => (await other.get(endless.id))?.state === "running");
    await other.cancel(endless.id, { reason: "enough" });

    expect(await other.wait(endless.id)).toMatchObject({ state: "cancelled", cancelReason: "enough" });
    expect(await other.wait(flaky.id)).toMatchObject({ state: "completed", attempt: 2, result: 3 });
    expect(await other.wait(parent.id)).toMatchObject({ state: "completed" });
    await Promise.all(jobs.map(({ id }) => other.wait(id)));
    expect((await other.logs(jobs[0]?.id ?? "")).map(({ text }) => text)).toEqual(["said"]);
    await worker.drain();
    expect(await other.counts()).toMatchObject({ completed: 103, cancelled: 1 });
    const numbers = (await other.list({}, { limit: 1_000 })).jobs.map(({ number }) => number ?? 0);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, i) => i + 1));
    expect((await other.verify()).violations).toEqual([]);
    expect((await other.diagnose()).filter(({ level }) => level === "problem")).toEqual([]);
    // Such as the driver's, when a connection is spoken to before it has answered.
    expect(warnings).toEqual([]);
  });

  it("jobs of others are found by polling, and the pooler is asked for nothing that a session must keep", async () => {
    const { url, directUrl } = await aPlace();
    const [mill, other] = [await openClient(url), await openClient(directUrl)];
    await mill
      .worker()
      .handle("plain", () => undefined)
      .start();
    const took: number[] = [];
    for (let round = 0; round < 10; round++) {
      const { id } = await other.enqueue("plain");
      const startedAt = performance.now();
      await other.wait(id);
      took.push(performance.now() - startedAt);
    }
    // A poll every 200 ms; without it there is one every two seconds.
    expect(took.filter((ms) => ms > 1_000)).toEqual([]);
    expect(said.join()).toContain("millrace");
    expect(said.filter((text) => /LISTEN |SET SESSION|millrace_\w+_[0-9a-f]{8}/.test(text))).toEqual([]);
  });

  it("what is set for our transactions holds in them and is gone for whoever gets the connection next", async () => {
    const { url, schema } = await aPlace();
    const mill = await openClient(url);
    await mill.enqueue("plain");
    const stranger = await anAdmin(server());
    await stranger.query(`BEGIN; LOCK TABLE ${schema}.ready IN ACCESS EXCLUSIVE MODE`);
    expectRefusal(await timed(() => mill.enqueue("plain")), "store_busy");
    await stranger.query("ROLLBACK");

    const neighbour = new Client(pooler?.url);
    await neighbour.connect();
    onTestFinished(() => neighbour.end());
    for (let i = 0; i < 3 * CONNECTIONS; i++) {
      const { rows } = await neighbour.query<{ name: string; setting: string }>(
        "SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout') ORDER BY name",
      );
      expect(rows).toEqual([
        { name: "lock_timeout", setting: "0" },
        { name: "statement_timeout", setting: "0" },
      ]);
    }
  });

  it("the server restarts behind it: all are at work again within 5 s, and nothing acknowledged is lost", async () => {
    const { url } = await aPlace();
    const [mill, other] = [await openClient(url), await openClient(url)];
    let doneCount = 0;
    const worker = mill.worker({ concurrency: 10, leaseMs: 3_000 }).handle("work", () => void (doneCount += 1));
    await worker.start();
    const producer = new Producer(other, "work");
    await until("there is work", () => doneCount > 100, 60_000);
    await server().stop("immediate");
    await passed(500);
    await server().start();
    await Promise.all([expectRecovery(mill, "work"), expectRecovery(other, "work")]);
    await producer.stop();
    await drained(mill);
    await producer.expectTruth();
  });

  it("a transaction of the caller's own goes through it, and is numbered at its commit", async () => {
    const { url } = await aPlace();
    const mill: Millrace = await openClient(url);
    const client = new Client(pooler?.url);
    await client.connect();
    onTestFinished(() => client.end());
    await client.query("BEGIN");
    const { id } = await mill.enqueue("plain", null, { tx: client });
    expect(await mill.get(id)).toBeNull();
    await client.query("COMMIT");
    expect(await mill.get(id)).toMatchObject({ state: "queued", number: 1 });
  });

  it("without being told of the pooler, it refuses to open and says which parameter is missing", async () => {
    const { url } = await aPlace();
    await expect(openMillrace(url.replace("&pgbouncer=true", ""))).rejects.toThrow(/pgbouncer=true/);
  });
});
