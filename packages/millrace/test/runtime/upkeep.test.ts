import { expect, it } from "vitest";
import { silentLogger } from "../../src/runtime/logger.ts";
import { Upkeep } from "../../src/runtime/upkeep.ts";
import { openSqlite } from "../../src/stores/sqlite/index.ts";
import { aRequest, nextJobId, ORG } from "../../src/testing/factory.ts";
import { VirtualClock } from "../../src/testing/index.ts";
import { until } from "./until.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

it("a schedule fires once for its time though the clock of this host is behind the store's", async () => {
  const dueAt = Date.UTC(2031, 4, 5, 6, 8);
  const host = new VirtualClock(dueAt - 15 * SECOND_MS);
  const store = await openSqlite({ file: ":memory:", now: () => host.now() + 30 * SECOND_MS });
  const { id: _id, ...request } = aRequest({ kind: "report.build" });
  const rule = { name: "minutely", org: ORG, cron: "* * * * *", timeZone: "UTC", kind: request.kind, payload: {} };
  await store.putSchedule({ ...rule, request, nextAt: new Date(dueAt) });

  const upkeep = new Upkeep(store, { clock: host, random: () => 0 }, nextJobId, silentLogger);
  const beat = (): Promise<void> => Promise.resolve();
  upkeep.acquire(beat);
  const firings = async (): Promise<unknown> => {
    const [schedule] = await store.schedules(ORG);
    return [(await store.counts({})).queued, schedule?.lastAt?.getTime(), schedule?.nextAt?.getTime()];
  };
  await until("it has fired", async () => (await store.counts({})).queued > 0);
  expect(await firings()).toEqual([1, dueAt, dueAt + MINUTE_MS]);
  // What the loop waits for is a span, so it comes when the store's minute is over, not the host's.
  host.advance(MINUTE_MS - 15 * SECOND_MS);
  await until("it has fired again", async () => (await store.counts({})).queued > 1);
  expect(await firings()).toEqual([2, dueAt + MINUTE_MS, dueAt + 2 * MINUTE_MS]);
  await upkeep.release(beat);
  await store.close();
});
