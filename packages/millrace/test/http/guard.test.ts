import { describe, expect, it } from "vitest";
import type { Problem } from "../../src/http/api/problem.ts";
import { aServer, API_KEY, jwtFor, type Bench } from "./bench.ts";

/** What is answered when something is wrong; empty where nothing is said. */
interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Partial<Problem>;
}

interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly type?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | ReadableStream<Uint8Array>;
}

async function send(
  { fetch }: Bench,
  { method = "POST", path = "/v1/jobs", type = "application/json", headers = {}, body }: RawRequest,
): Promise<Told> {
  const all = new Headers({ Authorization: `Bearer ${API_KEY}`, ...headers });
  if (type !== null) all.set("Content-Type", type);
  const init: RequestInit = { method, headers: all, ...(body === undefined ? {} : { body }), duplex: "half" };
  const response = await fetch(new Request(`http://server${path}`, init));
  const said = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: JSON.parse(said === "" ? "{}" : said) as Told["body"],
  };
}

function streamOf(chunks: readonly string[], isEndless = false): ReadableStream<Uint8Array> {
  const rest = [...chunks];
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull: async (controller) => {
      const next = rest.shift();
      if (next !== undefined) controller.enqueue(encoder.encode(next));
      else if (isEndless) await new Promise(() => undefined);
      else controller.close();
    },
  });
}

function nested(depth: number): string {
  return `{"kind":"k","payload":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
}

describe("a body", () => {
  it("is refused when it is larger than it may be, whatever is said of its length", async () => {
    const bench = await aServer({ limits: { bodyBytes: 100 } });
    const large = JSON.stringify({ kind: "k", payload: "x".repeat(200) });
    const refused = { status: 413, body: { code: "payload_too_large", requestId: expect.any(String) as string } };
    expect(await send(bench, { body: large, headers: { "Content-Length": String(large.length) } })).toMatchObject(
      refused,
    );
    expect(await send(bench, { body: large })).toMatchObject(refused);
    expect(await send(bench, { body: large, headers: { "Content-Length": "10" } })).toMatchObject(refused);
    expect(await send(bench, { body: streamOf(Array.from({ length: 50 }, () => "          ")) })).toMatchObject(
      refused,
    );
    // Characters of several bytes.
    expect(await send(bench, { body: JSON.stringify({ kind: "k", payload: "€".repeat(40) }) })).toMatchObject(refused);
    expect((await send(bench, { body: streamOf(['{"kin', 'd":"k"}']) })).status).toBe(201);
  });

  it("is read no further than it may go", async () => {
    const bench = await aServer({ limits: { bodyBytes: 100 } });
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 1;
        controller.enqueue(new Uint8Array(50).fill(32));
      },
    });
    expect((await send(bench, { body: endless })).status).toBe(413);
    expect(pulled).toBeLessThan(10);
  });

  it("is not waited for longer than it may take", async () => {
    const bench = await aServer({ limits: { bodyMs: 50 } });
    const { status, body } = await send(bench, { body: streamOf(['{"kind":'], true) });
    expect({ status, code: body.code }).toEqual({ status: 408, code: "request_timeout" });
  });

  it("is nested 64 deep and no deeper; brackets in text do not count", async () => {
    const bench = await aServer();
    expect((await send(bench, { body: nested(64) })).status).toBe(201);
    const { status, body } = await send(bench, { body: nested(65) });
    expect({ status, code: body.code, detail: body.detail }).toEqual({
      status: 400,
      code: "request_invalid",
      detail: "the body is nested more than 64 deep",
    });
    expect((await send(bench, { body: "[".repeat(1_000_000) })).status).toBe(400);
    const text = JSON.stringify({ kind: "k", payload: `\\"${"[{".repeat(100)}` });
    expect((await send(bench, { body: text })).status).toBe(201);
  });

  it("is JSON, and says so", async () => {
    const bench = await aServer();
    const body = '{"kind":"k"}';
    const unsupported = { status: 415, body: { code: "unsupported_media_type" } };
    expect(await send(bench, { body, type: "text/plain" })).toMatchObject(unsupported);
    expect(await send(bench, { body: streamOf([body]), type: null })).toMatchObject(unsupported);
    expect(await send(bench, { body, type: "application/jsonx" })).toMatchObject(unsupported);
    expect((await send(bench, { body, type: "application/json; charset=utf-8" })).status).toBe(201);
    for (const wrong of ["{", "", "null", "[]", '"k"', "{'kind':1}"]) {
      expect(await send(bench, { body: wrong })).toMatchObject({ status: 400, body: { code: "request_invalid" } });
    }
  });

  it("may be left out where it says nothing that must be said", async () => {
    const bench = await aServer();
    const jobs = await bench.mill.enqueueMany([{ kind: "k" }, { kind: "k" }, { kind: "k" }]);
    const [none, empty, wrong] = jobs.map(({ id }) => `/v1/jobs/${id}/cancel`);
    expect((await send(bench, { path: none ?? "", type: null })).status).toBe(200);
    expect((await send(bench, { path: empty ?? "", body: "" })).status).toBe(200);
    expect((await send(bench, { path: wrong ?? "", body: "reason=x", type: "text/plain" })).status).toBe(415);
  });
});

describe("a path", () => {
  it("answers another method with those that it has", async () => {
    const { ask } = await aServer();
    const answer = (await ask("DELETE", "/v1/jobs")) as Told;
    const { status, headers, body } = answer;
    expect({ status, code: body.code, allow: headers.get("allow") }).toEqual({
      status: 405,
      code: "method_not_allowed",
      allow: "GET, POST, HEAD, OPTIONS",
    });
    expect(body.requestId).toBe(headers.get("x-request-id"));
    expect((await ask("POST", "/health", undefined, null)).headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect((await ask("DELETE", "/v1/jobs", undefined, null)).status).toBe(401);
    expect(await ask("GET", "/v1/nothing")).toMatchObject({ status: 404, body: { code: "not_found" } });
  });

  it("tells its methods, and lets no other site in", async () => {
    const bench = await aServer();
    const preflight = { Origin: "https://elsewhere.example", "Access-Control-Request-Method": "POST" };
    const { status, headers } = await send(bench, { method: "OPTIONS", type: null, headers: preflight });
    expect({ status, allow: headers.get("allow") }).toEqual({ status: 204, allow: "GET, POST, HEAD, OPTIONS" });
    const names = [...headers.keys()].filter((name) => name.startsWith("access-control"));
    expect(names).toEqual([]);
    expect((await send(bench, { method: "OPTIONS", type: null, path: "/v1/nothing" })).status).toBe(404);
  });

  it("answers HEAD as GET, without the body", async () => {
    const bench = await aServer();
    const head = await send(bench, { method: "HEAD", type: null });
    expect({ status: head.status, body: head.body }).toEqual({ status: 200, body: {} });
    expect(head.headers.get("content-type")).toBe("application/json");
    expect((await bench.ask("HEAD", "/v1/jobs", undefined, null)).status).toBe(401);
  });

  it("opens no stream for HEAD that stays", async () => {
    const bench = await aServer({ limits: { streams: 1 } });
    for (const _ of [1, 2, 3]) {
      const { status } = await send(bench, { method: "HEAD", path: "/v1/events", type: null });
      expect(status).toBe(200);
    }
  });
});

describe("the rate of requests", () => {
  it("is limited for each caller, and says when to come back", async () => {
    const { ask } = await aServer({ limits: { requestsPerMinute: 3 } });
    const [ann, bob] = await Promise.all([jwtFor("ann", "viewer"), jwtFor("bob", "viewer")]);
    for (const _ of [1, 2, 3]) expect((await ask("GET", "/v1/jobs", undefined, ann)).status).toBe(200);
    // Another key of the same caller is no new caller.
    const answer = (await ask("GET", "/v1/jobs", undefined, await jwtFor("ann", "viewer"))) as Told;
    const { status, headers, body } = answer;
    expect({ status, code: body.code, retryable: body.retryable }).toEqual({
      status: 429,
      code: "rate_limited",
      retryable: true,
    });
    expect(headers.get("retry-after")).toMatch(/^(?:19|20)$/);
    expect((await ask("GET", "/v1/jobs", undefined, bob)).status).toBe(200);
    expect((await ask("GET", "/health", undefined, null)).status).toBe(200);
  });
});
