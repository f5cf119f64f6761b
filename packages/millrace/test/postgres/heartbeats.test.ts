import { openMillrace } from "millrace";
import { Client } from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { openPostgres } from "../../src/stores/postgres/index.ts";
import { aWorker, claimOne, enqueueOne, refOf } from "../../src/testing/factory.ts";
import { until } from "../runtime/until.ts";
import { adminQuery, missingPostgres, newSchema, testUrl } from "./test-database.ts";

const LEASE_MS = 1_000;

/** A job that is held, and a transaction that has locked its ticket, as a rescue does before it takes it. */
async function aLockedTicket(isLeaseOver: boolean) {
  const schema = newSchema();
  onTestFinished(({ task }) => schema.end(task.result?.state === "fail"));
  const store = await openPostgres({ target: schema.url });
  onTestFinished(() => store.close());
  await store.registerWorker(aWorker({ id: "w", leaseMs: LEASE_MS }));
  await enqueueOne(store);
  const lease = refOf(await claimOne(store, { worker: "w", leaseMs: isLeaseOver ? 1 : LEASE_MS }));
  const client = new Client(testUrl());
  onTestFinished(() => client.end());
  await client.connect();
  await client.query(`SET search_path = ${schema.name}`);
  const leaseLeftMs = async (): Promise<number> => {
    const asked = "SELECT lease_until - floor(extract(epoch FROM clock_timestamp()) * 1000) AS left FROM running";
    return Number((await client.query<{ left: string }>(asked)).rows[0]?.left);
  };
  if (isLeaseOver) await until("the lease is over", async () => (await leaseLeftMs()) < 0);
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  await client.query("BEGIN");
  await client.query("SELECT FROM running FOR UPDATE");
  return { store, lease, client, leaseLeftMs, pid: rows[0]?.pid };
}

describe.skipIf(missingPostgres() !== undefined)("a heartbeat", () => {
  test.each([
    ["COMMIT", "lost"],
    ["ROLLBACK", "held"],
  ])("for a ticket that a rescue is taking waits for its %s, and is told %s", async (end, status) => {
    const { store, lease, client, pid } = await aLockedTicket(true);
    await client.query("DELETE FROM running");
    const beating = store.heartbeat("w", [lease], LEASE_MS);
    await until("the heartbeat waits", async () => {
      const waiting = await adminQuery("SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))", [pid]);
      return waiting.length > 0;
    });
    await client.query(end);
    expect(await beating).toEqual([status]);
  });

  test("for a ticket that is locked for a moment prolongs the lease before it says that it is held", async () => {
    const { store, lease, client, leaseLeftMs } = await aLockedTicket(false);
    const beating = store.heartbeat("w", [lease], 100_000);
    await client.query("ROLLBACK");
    expect(await beating).toEqual(["held"]);
    expect(await leaseLeftMs()).toBeGreaterThan(LEASE_MS);
  });

  test("for a ticket that its own worker is settling, in a transaction that takes its time, says that it is locked", async () => {
    const { store, lease, client, leaseLeftMs } = await aLockedTicket(false);
    expect(await store.heartbeat("w", [lease], 100_000)).toEqual(["locked"]);
    expect(await leaseLeftMs()).toBeLessThan(LEASE_MS);
    await client.query("ROLLBACK");
  });

  test("that cannot prolong a lease lets its handler go on no longer than that lease", async () => {
    const schema = newSchema();
    onTestFinished(({ task }) => schema.end(task.result?.state === "fail"));
    const mill = await openMillrace(schema.url);
    onTestFinished(() => mill.close());
    let signal: AbortSignal | undefined;
    const worker = mill.worker({ leaseMs: LEASE_MS }).handle("k", async (_, ctx) => {
      signal = ctx.signal;
      await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
    });
    await worker.start();
    await mill.enqueue("k");
    await until("it runs", () => signal !== undefined);
    const client = new Client(testUrl());
    onTestFinished(() => client.end());
    await client.connect();
    await client.query("BEGIN");
    await client.query(`SELECT FROM ${schema.name}.running FOR UPDATE`);
    await until("its handler is told", () => signal?.aborted === true);
    expect(signal?.reason).toMatchObject({
      code: "lease_lost",
      message: "the lease could not be prolonged for 1000 ms",
    });
    await client.query("ROLLBACK");
  });
});
