import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  AccessError,
  ConflictError,
  InputError,
  isMillraceError,
  MillraceClient,
  NotFoundError,
  OptionsError,
  StoreError,
  type ClientOptions,
} from "millrace/client";
import { describe, expect, it } from "vitest";
import { aServer, API_KEY, jwtFor, type Bench } from "./bench.ts";

/** A client of a server without a socket. */
function clientOf(bench: Bench, options: Partial<ClientOptions> = {}): MillraceClient {
  return new MillraceClient({ url: "http://server", key: API_KEY, fetch: bench.fetch, ...options });
}

type Fetch = NonNullable<ClientOptions["fetch"]>;

/** Asks the server only when all of these have been answered instead; counts. */
function after(
  bench: Bench,
  answers: readonly (() => Response)[],
): { readonly fetch: Fetch; readonly count: () => number } {
  const rest = [...answers];
  let count = 0;
  return {
    count: () => count,
    fetch: async (request) => {
      count += 1;
      return rest.shift()?.() ?? bench.fetch(request);
    },
  };
}

/** The server does what it is asked to change, but its first answer each time is lost. */
function losing(bench: Bench): { readonly fetch: Fetch; readonly lostCount: () => number } {
  let sentCount = 0;
  return {
    lostCount: () => sentCount / 2,
    fetch: async (request) => {
      const response = await bench.fetch(request);
      if (request.method !== "POST") return response;
      sentCount += 1;
      return sentCount % 2 === 1 ? lost() : response;
    },
  };
}

function problem(status: number, code: string, headers: Readonly<Record<string, string>> = {}): () => Response {
  const body = {
    type: "about:blank",
    title: "",
    status,
    detail: `it is ${code}`,
    code,
    requestId: "r",
    retryable: status >= 429,
  };
  return () => Response.json(body, { status, headers });
}

function lost(): Response {
  throw new TypeError("fetch failed");
}

function containing(text: string): string {
  return expect.stringContaining(text) as string;
}

async function thrownBy(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("a client", () => {
  it("enqueues, looks, cancels, retries and explains", async () => {
    const bench = await aServer();
    const client = clientOf(bench);
    const job = await client.enqueue("mail.send", { to: "x" }, { priority: 5, queue: "mail", tags: { a: "b" } });
    expect(job).toMatchObject({ kind: "mail.send", payload: { to: "x" }, number: 1, priority: 5, state: "queued" });
    const createdAt: string = job.createdAt;
    expect(new Date(createdAt).toISOString()).toBe(createdAt);
    expect(await client.get(job.id)).toEqual(job);
    expect(await client.find({ scope: "mail", number: 1 })).toEqual(job);
    expect(await client.get("job_01k0c9m2w8x7q5v3r1t4y6p8n0")).toBeNull();
    expect(await client.find({ scope: "mail", number: 2 })).toBeNull();
    expect((await client.explain(job.id)).sentences.length).toBeGreaterThan(0);
    expect(await client.cancel(job.id, { reason: "too late" })).toMatchObject({
      state: "cancelled",
      cancelReason: "too late",
    });
    expect(await client.retry(job.id)).toMatchObject({ retryOf: job.id, state: "queued" });
    expect((await client.timeline(job.id)).map(({ type }) => type)).toEqual(
      expect.arrayContaining(["enqueued", "cancelled"]),
    );
  });

  it("reads lists a page at a time, by several states at once", async () => {
    const client = clientOf(await aServer());
    const jobs = await client.enqueueMany([1, 2, 3].map((payload) => ({ kind: "k", payload })));
    expect(jobs.map(({ payload }) => payload)).toEqual([1, 2, 3]);
    await client.cancel(jobs[0]?.id ?? "");
    const first = await client.list({ state: ["queued", "cancelled"] }, { limit: 2 });
    const second = await client.list({ state: ["queued", "cancelled"] }, { limit: 2, cursor: first.nextCursor });
    expect([...first.jobs, ...second.jobs].map(({ payload }) => payload)).toEqual([3, 2, 1]);
    expect(second.nextCursor).toBeNull();
    expect(await client.counts({ kind: "k" })).toMatchObject({ queued: 2, cancelled: 1 });
  });

  it("steers queues and schedules, and reads logs and workers", async () => {
    const client = clientOf(await aServer());
    const job = await client.enqueue("k", null, { queue: "a b" });
    expect(await client.pauseQueue("a b")).toMatchObject({ name: "a b", isPaused: true });
    expect(await client.configureQueue("a b", { maxAttempts: 7 })).toMatchObject({ settings: { maxAttempts: 7 } });
    expect(await client.resumeQueue("a b")).toMatchObject({ isPaused: false });
    expect(await client.queues()).toMatchObject([{ name: "a b", counts: { queued: 1 } }]);
    expect(await client.logs(job.id, { after: 0, limit: 5 })).toEqual({ lines: [], next: 0 });
    expect(await client.workers()).toEqual([]);
    expect(await client.schedule("nightly", { cron: "0 3 * * *", kind: "k" })).toMatchObject({
      name: "nightly",
      timeZone: "UTC",
    });
    expect(await client.schedules()).toHaveLength(1);
    await client.unschedule("nightly");
    expect(await thrownBy(client.unschedule("nightly"))).toMatchObject({ code: "schedule_not_found" });
  });
});

describe("an error", () => {
  it("is the library's own, with the code and the id of the request", async () => {
    const bench = await aServer();
    const client = clientOf(bench);
    const { id } = await client.enqueue("k", 1, { key: "one" });
    const viewer = await jwtFor("ann", "viewer");
    const cases: readonly (readonly [() => Promise<unknown>, abstract new (...given: never) => Error, string])[] = [
      [async () => client.enqueue("k", 2, { key: "one" }), ConflictError, "duplicate_job"],
      [async () => client.retry(id), ConflictError, "state_conflict"],
      [async () => client.explain("job_01k0c9m2w8x7q5v3r1t4y6p8n0"), NotFoundError, "job_not_found"],
      [async () => client.enqueue("", 2), InputError, "request_invalid"],
      [async () => clientOf(bench, { key: "wrong" }).list(), AccessError, "unauthenticated"],
      [async () => clientOf(bench, { key: viewer }).enqueue("k"), AccessError, "forbidden"],
      [async () => clientOf(bench, { url: "http://server/elsewhere" }).list(), InputError, "request_invalid"],
    ];
    for (const [call, type, code] of cases) {
      const error = await thrownBy(call());
      expect(error).toBeInstanceOf(type);
      expect(isMillraceError(error)).toBe(true);
      expect(error).toMatchObject({
        code,
        details: { requestId: expect.any(String) as string, status: expect.any(Number) as number },
      });
    }
    const conflict = await thrownBy(client.retry(id));
    expect(conflict).toMatchObject({ details: { job: id, state: "queued" } });
  });

  it("says what was wrong with the options, before anything is sent", () => {
    const wrong = { url: "server:80", key: "a b", timeoutMs: 0, tries: 0 };
    expect(() => new MillraceClient(wrong)).toThrow(OptionsError);
    expect(() => new MillraceClient(wrong)).toThrow(/url must .*; key must .*; timeoutMs must .*; tries must /);
  });

  it("says so when something else answers", async () => {
    const bench = await aServer();
    const page = (): Response => new Response("<h1>hello</h1>", { status: 200 });
    const { fetch } = after(bench, [page, page, page]);
    const error = await thrownBy(clientOf(bench, { fetch }).get("x"));
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      code: "store_unavailable",
      message: containing("http://server answered 200"),
    });
  });
});

describe("after an outage", () => {
  it("asks again for what only reads, and what is the same when done twice", async () => {
    const bench = await aServer();
    const job = await bench.mill.enqueue("k");
    const calls: readonly ((client: MillraceClient) => Promise<unknown>)[] = [
      async (client) => client.get(job.id),
      async (client) => client.cancel(job.id),
      async (client) => client.pauseQueue("default"),
    ];
    for (const call of calls) {
      const { fetch, count } = after(bench, [lost, problem(503, "store_unavailable")]);
      expect(await call(clientOf(bench, { fetch }))).toMatchObject({});
      expect(count()).toBe(3);
    }
  });

  it("gives up after its tries, with what was last", async () => {
    const bench = await aServer();
    const { fetch, count } = after(bench, [lost, lost, lost, lost]);
    expect(await thrownBy(clientOf(bench, { fetch, tries: 2 }).list())).toMatchObject({
      code: "store_unavailable",
      retryable: true,
    });
    expect(count()).toBe(2);
  });

  it("enqueues and retries again, and makes one job", async () => {
    const bench = await aServer();
    for (const answer of [
      lost,
      problem(503, "store_unavailable"),
      problem(429, "rate_limited", { "Retry-After": "0" }),
    ]) {
      const { fetch, count } = after(bench, [answer]);
      expect(await clientOf(bench, { fetch }).enqueue("k")).toMatchObject({ state: "queued" });
      expect(count()).toBe(2);
    }
    const { fetch, lostCount } = losing(bench);
    const client = clientOf(bench, { fetch });
    const job = await client.enqueue("k", 1);
    await client.enqueueMany([{ kind: "k" }, { kind: "k" }]);
    await client.cancel(job.id);
    expect(await client.retry(job.id)).toMatchObject({ retryOf: job.id });
    expect(lostCount()).toBe(4);
    expect(await client.counts()).toMatchObject({ queued: 6, cancelled: 1 });
  });

  it("asks no more when the server has refused", async () => {
    const bench = await aServer();
    for (const answer of [problem(500, "internal"), problem(409, "duplicate_job")]) {
      const { fetch, count } = after(bench, [answer]);
      expect(await thrownBy(clientOf(bench, { fetch }).enqueue("k"))).toMatchObject({ retryable: false });
      expect(count()).toBe(1);
    }
  });

  it("does not wait for longer than it may", async () => {
    const bench = await aServer();
    const late = after(bench, [problem(429, "rate_limited", { "Retry-After": "60" })]);
    const client = clientOf(bench, { fetch: late.fetch, timeoutMs: 5_000 });
    expect(await thrownBy(client.list())).toMatchObject({
      code: "store_busy",
      details: { problem: "rate_limited", retryAfterMs: 60_000 },
    });
    expect(late.count()).toBe(1);
  });
});

describe("a call", () => {
  /** Answers never, and hears when nobody waits any more. */
  const silent: Fetch = async ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });

  it("ends with its signal, and with the signal's reason", async () => {
    const stop = new AbortController();
    const call = clientOf(await aServer(), { fetch: silent }).list({}, {}, { signal: stop.signal });
    stop.abort(new Error("the page was left"));
    await expect(call).rejects.toThrow("the page was left");
  });

  it("ends when its time is over", async () => {
    const error = await thrownBy(clientOf(await aServer(), { fetch: silent }).list({}, {}, { timeoutMs: 30 }));
    expect(error).toMatchObject({ code: "store_unavailable", message: containing("within 30 ms") });
  });
});

it("brings no schemas along, and nothing of Node: a browser loads it as it is", () => {
  const source = `
    import { registerHooks } from "node:module";
    registerHooks({ resolve(name, context, next) {
      const found = next(name, context);
      console.log(found.url);
      return found;
    } });
    await import("millrace/client");`;
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const args = ["--conditions=millrace-source", "--input-type=module", "--eval", source];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  const loaded = stdout.trim().split("\n");
  expect(loaded.length).toBeGreaterThan(3);
  expect(loaded.filter((url) => !/\/src\/(?:core|http\/api)\/[\w/-]+\.ts$/.test(url))).toEqual([]);
});
