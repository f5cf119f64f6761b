import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { openPostgres } from "../../src/stores/postgres/index.ts";
import { claimOne, enqueueOne, moves, read, settleOne } from "../../src/testing/factory.ts";
import { adminQuery, missingPostgres, newSchema } from "../postgres/test-database.ts";

const HOUR_MS = 3_600_000;
const LEASE_MS = 30_000;

/** Conformance cases set the time, so they cannot tell whose clock it is that a store reads by itself. */
describe.skipIf(missingPostgres() !== undefined)("the time of a store on PostgreSQL", () => {
  afterEach(() => void vi.useRealTimers());

  /** Whether all instants of a job that was enqueued and run were the server's present, and so the end of its lease. */
  async function isServersTime(now?: () => number): Promise<boolean> {
    const schema = newSchema();
    const store = await openPostgres({ target: schema.url, ...(now === undefined ? {} : { now }) });
    onTestFinished(() => schema.drop());
    onTestFinished(() => store.close());
    const begunAt = await serversPresent();
    const { id } = await enqueueOne(store);
    const claim = await claimOne(store, { leaseMs: LEASE_MS });
    await settleOne(store, claim, moves.complete());
    const endedAt = await serversPresent();
    const { createdAt, startedAt, finishedAt } = await read(store, id);
    const leasedAt = claim.lease.expiresAt.getTime() - LEASE_MS;
    return [createdAt, startedAt, leasedAt, finishedAt].every((at) => Number(at) >= begunAt && Number(at) <= endedAt);
  }

  test.each([-HOUR_MS, HOUR_MS])("is the server's, though the clock of who asks is off by %d ms", async (offMs) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + offMs });
    expect(await isServersTime()).toBe(true);
  });

  test.each([-HOUR_MS, HOUR_MS])("is found out when it is that of who asks, off by %d ms", async (offMs) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + offMs });
    expect(await isServersTime(Date.now)).toBe(false);
  });
});

async function serversPresent(): Promise<number> {
  const [row] = await adminQuery("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now");
  return (row as { readonly now: number }).now;
}
