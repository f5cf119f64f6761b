import { snooze } from "millrace";
import { expect, it } from "vitest";
import type { TimelineEntry } from "../../src/http/api/events.ts";
import type { JobBody } from "../../src/http/api/jobs.ts";
import { Gate, reasonOf, until } from "../runtime/until.ts";
import { jwtFor, type Answer, type Bench } from "./bench.ts";
import { onEveryStore } from "./every-store.ts";
import { follow } from "./read-stream.ts";

async function enqueueSome({ mill }: Bench, count: number): Promise<string[]> {
  const jobs = await mill.enqueueMany(Array.from({ length: count }, () => ({ kind: "k" })));
  return jobs.map(({ id }) => id);
}

onEveryStore("GET /v1/events", (aServer) => {
  it("tells what happens from now on, with cursors as ids", async () => {
    const server = await aServer();
    await enqueueSome(server, 3);
    const stream = await follow(server, "/v1/events");
    expect(stream.response.status).toBe(200);
    expect(stream.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(stream.response.headers.get("x-request-id")).toBeTruthy();
    const job = await server.mill.enqueue("mail.send", null, { queue: "mail" });
    const told = await stream.next();
    expect(told?.data).toMatchObject({ type: "enqueued", job: job.id, kind: "mail.send", queue: "mail", number: 1 });
    expect(told?.data["at"]).toMatch(/Z$/);
    expect(told?.id).toBe(told?.data["cursor"]);
    await stream.cut();
  });

  it("goes on after a cut wherever it was: nothing is missed and nothing told twice", async () => {
    const server = await aServer();
    const wanted: string[] = [];
    const told: string[] = [];
    let lastId: string | undefined;
    for (const [enqueued, taken] of [
      [0, 0],
      [5, 2],
      [700, 503],
      [4, 100],
      [0, 1],
      [1, 0],
    ] as const) {
      const stream = await follow(server, "/v1/events", { lastId });
      wanted.push(...(await enqueueSome(server, enqueued)));
      told.push(...(await stream.take(taken)).map(({ data }) => String(data["job"])));
      // Even a client that was told nothing knows where it stood.
      if (stream.lastId === undefined) await Promise.all([stream.block(), stream.block()]);
      lastId = stream.lastId ?? lastId;
      await stream.cut();
    }
    const stream = await follow(server, `/v1/events?after=1.-1`, { lastId });
    told.push(...(await stream.take(wanted.length - told.length)).map(({ data }) => String(data["job"])));
    expect(told).toEqual(wanted);
    await stream.cut();
  });

  it("tells nothing of another organisation", async () => {
    const server = await aServer();
    const stream = await follow(server, "/v1/events", { key: await jwtFor("eve", "owner", "other") });
    await enqueueSome(server, 3);
    const theirs = await server.mill.forOrg("other").enqueue("k");
    expect((await stream.next())?.data["job"]).toBe(theirs.id);
    await stream.cut();
  });

  it("tells members of their own jobs alone, in a stream and in pages", async () => {
    const server = await aServer();
    const key = await jwtFor("ann", "member");
    const stream = await follow(server, "/v1/events", { key });
    const pageAfter = async (query: string): Promise<{ readonly cursor: string }> => {
      const headers = { Authorization: `Bearer ${key}`, Accept: "application/json" };
      const answer = await server.fetch(new Request(`http://server/v1/events${query}`, { headers }));
      return (await answer.json()) as { readonly cursor: string };
    };
    const { cursor } = await pageAfter("");
    await enqueueSome(server, 3);
    await server.ask("POST", "/v1/jobs", { kind: "k" }, await jwtFor("bob", "member"));
    const own = (await server.ask("POST", "/v1/jobs", { kind: "k" }, key)).body as JobBody;
    expect((await stream.next())?.data).toMatchObject({ job: own.id, createdBy: "ann" });
    await stream.cut();
    expect(await pageAfter(`?after=${encodeURIComponent(cursor)}`)).toMatchObject({
      events: [{ job: own.id, type: "enqueued" }],
    });
  });

  it("refuses a cursor that is none", async () => {
    const { ask } = await aServer();
    expect(await ask("GET", "/v1/events?after=yesterday")).toMatchObject({
      status: 400,
      body: { code: "request_invalid", detail: expect.stringContaining("yesterday") as string },
    });
  });

  it("ends when the server stops, and none is opened any more", async () => {
    const server = await aServer();
    const stream = await follow(server, "/v1/events");
    await enqueueSome(server, 1);
    await stream.next();
    server.close();
    expect(await stream.next()).toBeUndefined();
    expect(await server.ask("GET", "/v1/events")).toMatchObject({ status: 503, body: { code: "shutting_down" } });
  });

  it("is open so often at most, over all streams, until one is closed", async () => {
    const server = await aServer({ limits: { streams: 2 } });
    const { id } = await server.mill.enqueue("k");
    const first = await follow(server, "/v1/events");
    const gone = new AbortController();
    await follow(server, `/v1/jobs/${id}/logs?follow`, { signal: gone.signal });
    const refused = await server.ask("GET", "/v1/events");
    expect(refused).toMatchObject({ status: 429, body: { code: "too_many_streams", retryable: true } });
    expect(refused.headers.get("retry-after")).toBe("5");
    await first.cut();
    const second = await follow(server, "/v1/events");
    expect(second.response.status).toBe(200);
    expect((await server.ask("GET", "/v1/events")).status).toBe(429);
    gone.abort();
    expect((await follow(server, "/v1/events")).response.status).toBe(200);
  });

  it("is not held open by who asks for its headers alone", async () => {
    const server = await aServer({ limits: { streams: 1 } });
    for (let i = 0; i < 3; i++) {
      const { status, headers } = await server.ask("HEAD", "/v1/events");
      expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
    }
    expect((await follow(server, "/v1/events")).response.status).toBe(200);
  });
});

function timelineIn({ status, body }: Answer): readonly TimelineEntry[] {
  expect(status).toBe(200);
  return (body as { readonly events: readonly TimelineEntry[] }).events;
}

onEveryStore("GET /v1/jobs/{id}/events", (aServer) => {
  it("tells who enqueued a job, every attempt, and how it ended, in order of time", async () => {
    const { ask, mill } = await aServer();
    const key = await jwtFor("ann", "member");
    const moves = [
      () => {
        throw new TypeError("no");
      },
      () => snooze(1),
      () => "done",
    ];
    const worker = mill.worker().handle("k", () => moves.shift()?.());
    await worker.start();
    const asked = await ask("POST", "/v1/jobs", { kind: "k", backoff: { type: "fixed", delayMs: 1 } }, key);
    const { id, createdAt } = asked.body as JobBody;
    const { worker: by } = await mill.wait(id);
    const events = timelineIn(await ask("GET", `/v1/jobs/${id}/events`, undefined, key));
    expect(events).toMatchObject([
      { type: "enqueued", by: "ann", attempt: null, at: createdAt },
      { type: "started", by, attempt: 1 },
      { type: "retrying", by, attempt: 1, error: { name: "TypeError", message: "no" } },
      { type: "started", by, attempt: 2 },
      { type: "snoozed", by, attempt: 2 },
      { type: "started", by, attempt: 2 },
      { type: "completed", by, attempt: 2, error: null },
    ]);
    const times = events.map(({ at }) => at);
    expect(times).toEqual(times.toSorted());
  });

  it("tells who cancelled it and why, when it was asked for and when it was done", async () => {
    const { ask, mill } = await aServer();
    const gate = new Gate();
    const worker = mill.worker().handle("k", async (_, ctx) => {
      void gate.pass();
      await reasonOf(ctx.signal);
    });
    await worker.start();
    const { id } = await mill.enqueue("k");
    await until("it runs", () => gate.arrived === 1);
    await ask("POST", `/v1/jobs/${id}/cancel`, { reason: "too late" });
    await mill.wait(id);
    expect(timelineIn(await ask("GET", `/v1/jobs/${id}/events`))).toMatchObject([
      { type: "enqueued", by: null },
      { type: "started", attempt: 1 },
      { type: "cancel_requested", by: "api-key", reason: "too late" },
      { type: "cancelled", by: "api-key", reason: "too late", attempt: 1 },
    ]);
  });

  it("tells of a job that waits only that it was enqueued", async () => {
    const { ask, mill } = await aServer();
    const { id } = await mill.enqueue("k", null, { createdBy: "bob" });
    const events = timelineIn(await ask("GET", `/v1/jobs/${id}/events`));
    expect(events).toMatchObject([{ type: "enqueued", by: "bob", reason: null, error: null }]);
  });
});
