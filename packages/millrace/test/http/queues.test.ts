import { describe, expect, it } from "vitest";
import { aServer, jwtFor } from "./bench.ts";

describe("GET /v1/queues", () => {
  it("tells the organisation's queues, their settings and what waits in them", async () => {
    const { ask, mill } = await aServer();
    await mill.enqueue("k", null, { queue: "mail" });
    await mill.enqueue("k", null, { queue: "video", delayMs: 60_000 });
    await mill.forOrg("other").enqueue("k", null, { queue: "theirs" });
    const { queues } = (await ask("GET", "/v1/queues")).body as { queues: unknown };
    expect(queues).toMatchObject([
      {
        name: "mail",
        isPaused: false,
        settings: { maxAttempts: 3, retention: { failedMs: 604_800_000 } },
        counts: { blocked: 0, scheduled: 0, queued: 1, running: 0 },
        oldestReadyAt: expect.stringMatching(/Z$/) as string,
      },
      { name: "video", counts: { scheduled: 1, queued: 0 }, oldestReadyAt: null },
    ]);
  });
});

describe("POST /v1/queues/{name}/pause", () => {
  it("stops claims until the queue is resumed, and answers the queue", async () => {
    const { ask, mill } = await aServer();
    const worker = mill.worker({ queues: ["mail"] }).handle("k", () => "done");
    const paused = await ask("POST", "/v1/queues/mail/pause");
    expect(paused).toMatchObject({ status: 200, body: { name: "mail", isPaused: true } });
    await worker.start();
    const { id } = await mill.enqueue("k", null, { queue: "mail" });
    const explained = await ask("GET", `/v1/jobs/${id}/explain`);
    expect(explained.body).toMatchObject({ sentences: ['The queue "mail" is paused.', "It is the next of its lane."] });
    const resumed = await ask("POST", "/v1/queues/mail/resume");
    expect(resumed).toMatchObject({ status: 200, body: { name: "mail", isPaused: false } });
    expect(await mill.wait(id)).toMatchObject({ state: "completed" });
  });

  it("refuses a name that is none", async () => {
    const { ask } = await aServer();
    expect(await ask("POST", `/v1/queues/${encodeURIComponent("a#b")}/pause`)).toMatchObject({
      status: 400,
      body: { code: "request_invalid", detail: expect.stringContaining('"a#b"') as string },
    });
  });
});

describe("PATCH /v1/queues/{name}", () => {
  it("sets what is given and leaves the rest", async () => {
    const { ask, mill } = await aServer();
    await ask("PATCH", "/v1/queues/mail", { maxAttempts: 7, retention: { failedMs: null } });
    const change = { timeoutMs: 5_000, backoff: { type: "fixed", delayMs: 10 } };
    const kept = { maxAttempts: 7, retention: { failedMs: null, completedMs: 604_800_000 } };
    const answer = await ask("PATCH", "/v1/queues/mail", change);
    expect(answer).toMatchObject({ status: 200, body: { name: "mail", settings: { ...kept, ...change } } });
    expect(await mill.enqueue("k", null, { queue: "mail" })).toMatchObject({ maxAttempts: 7 });
  });

  it.each([
    [{ maxAttempts: 0 }, "maxAttempts"],
    [{ maxAttempts: null }, "maxAttempts"],
    [{ maxAttempst: 3 }, "maxAttempst"],
    [{ backoff: { type: "none" } }, "backoff"],
    [{ retention: { failedMs: -1 } }, "retention.failedMs"],
    [{ timeoutMs: 1e300 }, "timeoutMs"],
    [[], "expected object"],
  ])("refuses %j", async (settings, said) => {
    const { ask, mill } = await aServer();
    expect(await ask("PATCH", "/v1/queues/mail", settings)).toMatchObject({
      status: 400,
      body: { code: "request_invalid", detail: expect.stringContaining(said) as string },
    });
    expect(await mill.queues()).toEqual([]);
  });
});

describe("GET /v1/stats", () => {
  it("counts the organisation's jobs by state, by filter if asked, and a member's own alone", async () => {
    const { ask, mill } = await aServer();
    const ann = await jwtFor("ann", "member");
    await ask("POST", "/v1/jobs", { kind: "a", queue: "mail" }, ann);
    const { id } = await mill.enqueue("b", null, { queue: "mail", createdBy: "api-key" });
    await ask("POST", "/v1/jobs", { kind: "b", delayMs: 60_000 });
    await mill.cancel(id);
    await mill.forOrg("other").enqueue("a");
    const none = { blocked: 0, scheduled: 0, queued: 0, running: 0, completed: 0, failed: 0, cancelled: 0 };
    const countsOf = async (path: string, key?: string): Promise<unknown> =>
      (await ask("GET", path, undefined, key)).body;
    expect(await countsOf("/v1/stats")).toEqual({ ...none, queued: 1, scheduled: 1, cancelled: 1 });
    expect(await countsOf("/v1/stats?queue=mail")).toEqual({ ...none, queued: 1, cancelled: 1 });
    expect(await countsOf("/v1/stats?kind=b&state=scheduled")).toEqual({ ...none, scheduled: 1 });
    expect(await countsOf("/v1/stats", ann)).toEqual({ ...none, queued: 1 });
    expect(await countsOf("/v1/stats?createdBy=api-key", ann)).toEqual({ ...none, queued: 1 });
  });
});

describe("GET /v1/workers", () => {
  it("tells who works for the organisation", async () => {
    const { ask, mill } = await aServer();
    await mill
      .worker({ queues: ["mail"], labels: ["gpu"], concurrency: 4 })
      .handle("k", () => 1)
      .start();
    await mill
      .forOrg("other")
      .worker()
      .handle("k", () => 1)
      .start();
    const { workers } = (await ask("GET", "/v1/workers")).body as { workers: unknown };
    const seenAt = expect.stringMatching(/Z$/) as string;
    expect(workers).toMatchObject([{ queues: ["mail"], labels: ["gpu"], concurrency: 4, running: 0, seenAt }]);
  });
});
