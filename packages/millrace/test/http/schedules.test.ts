import type { JobEvent } from "millrace";
import { describe, expect, it } from "vitest";
import { aServer, jwtFor } from "./bench.ts";

const NIGHTLY = { cron: "0 3 * * *", timeZone: "Europe/Berlin", kind: "report.make", payload: { of: "day" } };

describe("PUT /v1/schedules/{name}", () => {
  it("adds a schedule, and replaces it", async () => {
    const { ask, mill } = await aServer();
    const added = await ask("PUT", "/v1/schedules/nightly", NIGHTLY);
    expect(added).toMatchObject({ status: 201, body: { name: "nightly", ...NIGHTLY, lastAt: null } });
    const { nextAt } = added.body as { nextAt: string };
    expect(new Date(nextAt).getTime()).toBeGreaterThan(Date.now());
    const replaced = await ask("PUT", "/v1/schedules/nightly", { cron: "0 4 * * *", kind: "other" });
    expect(replaced).toMatchObject({ status: 200, body: { cron: "0 4 * * *", timeZone: "UTC", kind: "other" } });
    expect(await mill.schedules()).toHaveLength(1);
  });

  it("enqueues with the given options, in the name of whoever put it", async () => {
    const { ask, mill } = await aServer();
    const worker = mill.worker({ queues: ["mail"] }).handle("k", () => "done");
    await worker.start();
    const events = mill.events();
    const options = { queue: "mail", priority: "high", tags: { a: "b" }, maxAttempts: 9, group: "g" };
    await ask(
      "PUT",
      "/v1/schedules/often",
      { cron: "* * * * * *", kind: "k", payload: [1], ...options },
      await jwtFor("ann", "admin"),
    );
    const { value } = (await events.next()) as IteratorYieldResult<JobEvent>;
    expect(await mill.get(value.job)).toMatchObject({
      kind: "k",
      payload: [1],
      queue: "mail",
      priority: 10,
      tags: { a: "b" },
      maxAttempts: 9,
      group: "g",
      createdBy: "ann",
    });
  });

  it.each([
    [{ cron: "every day" }, "no cron rule"],
    [{ cron: "0 0 30 2 *" }, "never comes"],
    [{ timeZone: "Mars/Base" }, "no time zone"],
    [{ kind: "" }, "kind:"],
    [{ delayMs: 5 }, "delayMs"],
    [{ runAt: "2030-01-01T00:00:00.000Z" }, "runAt"],
    [{ nonsense: 1 }, "nonsense"],
  ])("refuses %j", async (change, said) => {
    const { ask, mill } = await aServer();
    expect(await ask("PUT", "/v1/schedules/nightly", { ...NIGHTLY, ...change })).toMatchObject({
      status: 400,
      body: { code: "request_invalid", detail: expect.stringContaining(said) as string },
    });
    expect(await mill.schedules()).toEqual([]);
  });
});

describe("a schedule", () => {
  it("is listed, read and removed within its organisation alone", async () => {
    const { ask } = await aServer();
    const eve = await jwtFor("eve", "owner", "other");
    await ask("PUT", "/v1/schedules/nightly", NIGHTLY);
    expect((await ask("GET", "/v1/schedules")).body).toMatchObject({ schedules: [{ name: "nightly", ...NIGHTLY }] });
    expect((await ask("GET", "/v1/schedules", undefined, eve)).body).toEqual({ schedules: [] });
    expect(await ask("GET", "/v1/schedules/nightly")).toMatchObject({ status: 200, body: NIGHTLY });
    const missing = { status: 404, body: { code: "schedule_not_found" } };
    expect(await ask("GET", "/v1/schedules/nightly", undefined, eve)).toMatchObject(missing);
    expect(await ask("DELETE", "/v1/schedules/nightly", undefined, eve)).toMatchObject(missing);
    expect(await ask("DELETE", "/v1/schedules/nightly")).toMatchObject({ status: 204, body: undefined });
    expect(await ask("GET", "/v1/schedules/nightly")).toMatchObject(missing);
    expect(await ask("DELETE", "/v1/schedules/nightly")).toMatchObject(missing);
  });
});
