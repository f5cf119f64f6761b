import { expect, it } from "vitest";
import { Gate, until } from "../runtime/until.ts";
import { API_KEY, type Bench } from "./bench.ts";
import { onEveryStore } from "./every-store.ts";
import { follow, type Told } from "./read-stream.ts";

/** A job that has said so many lines and runs until the gate is opened; then it says one more. */
async function aTalker({ mill }: Bench, count: number): Promise<{ readonly id: string; readonly gate: Gate }> {
  const gate = new Gate();
  const worker = mill.worker().handle("talk", async (_, ctx) => {
    for (let i = 1; i <= count; i++) ctx.log(`line ${i}`);
    await gate.pass();
    ctx.log("the last");
  });
  await worker.start();
  const { id } = await mill.enqueue("talk");
  await until("it has said them", async () => (await mill.logs(id, { limit: 10_000 })).length === count);
  return { id, gate };
}

function sequencesOf(told: readonly Told[]): unknown[] {
  return told
    .filter(({ event }) => event === undefined)
    .map(({ id, data }) => (Number(id) === data["sequence"] ? data["sequence"] : { id, data }));
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

onEveryStore("GET /v1/jobs/{id}/logs", (aServer) => {
  it("tells lines in pages", async () => {
    const server = await aServer();
    const { id, gate } = await aTalker(server, 5);
    const at = expect.stringMatching(/Z$/) as string;
    const line = { sequence: 1, stream: "log", attempt: 1, text: "line 1", at };
    expect(await server.ask("GET", `/v1/jobs/${id}/logs?limit=3`)).toMatchObject({
      status: 200,
      body: { lines: [line, { sequence: 2 }, { sequence: 3 }], next: 3 },
    });
    const second = await server.ask("GET", `/v1/jobs/${id}/logs?limit=3&after=3`);
    expect(second.body).toMatchObject({ lines: [{ sequence: 4 }, { sequence: 5 }], next: 5 });
    expect((await server.ask("GET", `/v1/jobs/${id}/logs?after=5`)).body).toEqual({ lines: [], next: 5 });
    gate.open();
  });

  it("streams what is there, says how the job stands, and ends", async () => {
    const server = await aServer();
    const { id, gate } = await aTalker(server, 450);
    const told = await (await follow(server, `/v1/jobs/${id}/logs?after=10`)).rest();
    expect(sequencesOf(told)).toEqual(upTo(450).slice(10));
    expect(told.at(-1)).toMatchObject({ event: "end", data: { state: "running" } });
    gate.open();
  });

  it("follows a job to its end, over cuts: no line is missed and none told twice", async () => {
    const server = await aServer();
    const { id, gate } = await aTalker(server, 500);
    const told: Told[] = [];
    let lastId: string | undefined;
    for (const count of [1, 230, 0, 169, 100]) {
      const stream = await follow(server, `/v1/jobs/${id}/logs?follow=true`, { lastId });
      told.push(...(await stream.take(count)));
      lastId = stream.lastId ?? lastId;
      await stream.cut();
    }
    const stream = await follow(server, `/v1/jobs/${id}/logs?follow=true&after=3`, { lastId });
    const last = stream.rest();
    gate.open();
    told.push(...(await last));
    expect(sequencesOf(told)).toEqual(upTo(501));
    expect(told.at(-2)?.data["text"]).toBe("the last");
    expect(told.at(-1)).toMatchObject({ event: "end", data: { state: "completed" } });
  });

  it("tells lines as they come", async () => {
    const server = await aServer();
    const gates = [new Gate(), new Gate()];
    const worker = server.mill.worker().handle("talk", async (_, ctx) => {
      for (const gate of gates) {
        await gate.pass();
        ctx.log("more");
      }
      await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
    });
    await worker.start();
    const { id } = await server.mill.enqueue("talk");
    const stream = await follow(server, `/v1/jobs/${id}/logs?follow`);
    for (const gate of gates) {
      const next = stream.next();
      gate.open();
      expect((await next)?.data["text"]).toBe("more");
    }
    await server.mill.cancel(id);
    expect(await stream.rest()).toMatchObject([{ event: "end", data: { state: "cancelled" } }]);
  });

  it.each([
    ["?after=-1", {}, "after"],
    ["?limit=0", {}, "limit"],
    ["?limit=1001", {}, "limit"],
    ["?follow=maybe", {}, "follow"],
    ["?follow=true", {}, "text/event-stream"],
    ["", { "Last-Event-ID": "yesterday", Accept: "text/event-stream" }, "last-event-id"],
  ])("refuses %s %j", async (query, headers, said) => {
    const server = await aServer();
    const { id } = await server.mill.enqueue("k");
    const key = { Authorization: `Bearer ${API_KEY}` };
    const request = new Request(`http://server/v1/jobs/${id}/logs${query}`, { headers: { ...key, ...headers } });
    const response = await server.fetch(request);
    expect(response.status).toBe(400);
    const detail = expect.stringContaining(said) as string;
    expect(await response.json()).toMatchObject({ code: "request_invalid", detail });
  });
});
