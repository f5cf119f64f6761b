import { describe, expect, it, vi } from "vitest";
import { Millrace } from "../../src/runtime/millrace.ts";
import { aServer, API_KEY, jwtFor, type Bench } from "./bench.ts";

async function metricsOf(
  { fetch }: Bench,
  key = API_KEY,
): Promise<{ readonly status: number; readonly text: string; readonly type: string | null }> {
  const response = await fetch(new Request("http://server/metrics", { headers: { Authorization: `Bearer ${key}` } }));
  return { status: response.status, text: await response.text(), type: response.headers.get("content-type") };
}

describe("GET /health", () => {
  it("is open, and answers while the store is away", async () => {
    const { ask, mill } = await aServer();
    await mill.close();
    const answer = await ask("GET", "/health", undefined, null);
    expect(answer.status).toBe(200);
    const body = answer.body as Readonly<Record<string, string>>;
    expect(Object.keys(body)).toEqual(["status", "timestamp"]);
    expect(body["status"]).toBe("ok");
    expect(new Date(body["timestamp"] ?? "").toISOString()).toBe(body["timestamp"]);
  });
});

describe("GET /ready", () => {
  it("is open, and says ok while the store answers", async () => {
    const { ask } = await aServer();
    expect(await ask("GET", "/ready", undefined, null)).toMatchObject({ status: 200, body: { status: "ok" } });
  });

  it("says no when the store is closed, and when the server stops", async () => {
    const { ask, mill, close } = await aServer();
    close();
    expect(await ask("GET", "/ready", undefined, null)).toMatchObject({ status: 503, body: { code: "shutting_down" } });
    const other = await aServer();
    await mill.close();
    await other.mill.close();
    expect(await other.ask("GET", "/ready", undefined, null)).toMatchObject({ status: 503 });
  });

  it("says no when the store is silent for a second", async () => {
    const { ask, mill } = await aServer();
    vi.spyOn(Millrace.kernelOf(mill).store, "get").mockReturnValue(new Promise(() => undefined));
    const asked = performance.now();
    const answer = await ask("GET", "/ready", undefined, null);
    expect(answer).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(performance.now() - asked).toBeLessThan(5_000);
  });
});

describe("GET /metrics", () => {
  it("tells of queues, jobs, requests and the process", async () => {
    const bench = await aServer();
    await bench.ask("POST", "/v1/jobs", { kind: "k", queue: 'a"b' });
    await bench.ask("POST", "/v1/jobs", { kind: "k", queue: "later", delayMs: 60_000 });
    await bench.ask("GET", "/v1/jobs/job_01k0c9m2w8x7q5v3r1t4y6p8n0");
    await bench.ask("GET", "/v1/jobs", undefined, "wrong");
    const { status, text, type } = await metricsOf(bench);
    expect({ status, type }).toEqual({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8" });
    const lines = text.split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "# TYPE millrace_queue_jobs gauge",
        'millrace_queue_jobs{queue="a\\"b",state="queued"} 1',
        'millrace_queue_jobs{queue="later",state="scheduled"} 1',
        'millrace_queue_oldest_ready_seconds{queue="later"} 0',
        'millrace_queue_paused{queue="later"} 0',
        'millrace_jobs{state="queued"} 1',
        "millrace_workers 0",
        'millrace_http_requests_total{method="POST",route="/v1/jobs",caller="known",status="201"} 2',
        'millrace_http_requests_total{method="GET",route="/v1/jobs/:id",caller="known",status="404"} 1',
        'millrace_http_requests_total{method="GET",route="/v1/jobs",caller="unknown",status="401"} 1',
        'millrace_http_request_duration_seconds_bucket{method="POST",route="/v1/jobs",caller="known",le="+Inf"} 2',
        'millrace_http_request_duration_seconds_count{method="POST",route="/v1/jobs",caller="known"} 2',
        'millrace_http_requests_in_flight{method="GET",route="/metrics",caller="known"} 1',
        'millrace_http_requests_in_flight{method="POST",route="/v1/jobs",caller="known"} 0',
        expect.stringMatching(/^millrace_event_loop_lag_seconds\{quantile="0\.99"\} [\d.e-]+$/),
        expect.stringMatching(/^process_resident_memory_bytes \d{7,}$/),
        expect.stringMatching(/^millrace_queue_oldest_ready_seconds\{queue="a\\"b"\} [\d.e-]+$/),
      ]),
    );
    // Each series once, or Prometheus refuses all of them.
    const series = lines
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.replace(/ \S+$/, ""));
    expect(new Set(series).size).toBe(series.length);
    expect(series.every((name) => /^[a-z_]+(\{([a-z]+="([^"\\]|\\.)*",?)+\})?$/.test(name))).toBe(true);
  });

  it("counts the streams that are open", async () => {
    const bench = await aServer();
    expect((await metricsOf(bench)).text).toContain("millrace_open_streams 0\n");
    const headers = { Authorization: `Bearer ${API_KEY}`, Accept: "text/event-stream" };
    const stream = await bench.fetch(new Request("http://server/v1/events", { headers }));
    expect((await metricsOf(bench)).text).toContain("millrace_open_streams 1\n");
    await stream.body?.cancel();
    expect((await metricsOf(bench)).text).toContain("millrace_open_streams 0\n");
  });

  it("asks for a key that may read the organisation, and tells of no other", async () => {
    const bench = await aServer();
    await bench.ask("POST", "/v1/jobs", { kind: "k", queue: "secret" });
    const { ask } = bench;
    expect((await ask("GET", "/metrics", undefined, null)).status).toBe(401);
    expect(await ask("GET", "/metrics", undefined, await jwtFor("ann", "member"))).toMatchObject({
      status: 403,
      body: { code: "forbidden" },
    });
    const viewer = await metricsOf(bench, await jwtFor("ann", "viewer"));
    expect(viewer.text).toContain('millrace_queue_jobs{queue="secret",state="queued"} 1');
    const stranger = await metricsOf(bench, await jwtFor("eve", "owner", "other"));
    expect(stranger.status).toBe(200);
    expect(stranger.text).not.toContain("secret");
    expect(stranger.text).not.toMatch(/route="\/v1\/jobs".*caller="known"/);
  });
});
