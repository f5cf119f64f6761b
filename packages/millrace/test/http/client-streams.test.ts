import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { MillraceClient, type ClientOptions, type WireEvent } from "millrace/client";
import { describe, expect, it } from "vitest";
import { aServer, API_KEY, jwtFor, type Bench } from "./bench.ts";
import { until } from "./remote-worker.ts";

type Fetch = NonNullable<ClientOptions["fetch"]>;

/** A client of a server without a socket. */
function clientOf(bench: Bench, options: Partial<ClientOptions> = {}): MillraceClient {
  return new MillraceClient({ url: "http://server", key: API_KEY, fetch: bench.fetch, ...options });
}

describe("a stream that a client follows", () => {
  /** Cuts each stream after so many of its messages. */
  function cutting(
    bench: Bench,
    messages: number,
  ): { readonly fetch: Fetch; readonly opened: () => readonly string[] } {
    const opened: string[] = [];
    return {
      opened: () => opened,
      fetch: async (request) => {
        const response = await bench.fetch(request);
        if (request.headers.get("accept") !== "text/event-stream" || response.body === null) return response;
        opened.push(request.headers.get("last-event-id") ?? "");
        let left = messages;
        const cut = new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            if (left === 0) controller.error(new TypeError("terminated"));
            else controller.enqueue(chunk);
            left -= 1;
          },
        });
        return new Response(response.body.pipeThrough(cut), response);
      },
    };
  }

  function jobOf({ done, value }: IteratorResult<WireEvent, unknown>): string | undefined {
    return done === true ? undefined : value.job;
  }

  it("of events goes on after a cut, with each event once", async () => {
    const bench = await aServer();
    const { fetch, opened } = cutting(bench, 4);
    const stop = new AbortController();
    const events = clientOf(bench, { fetch }).events({ signal: stop.signal });
    const first = events.next();
    await until(() => opened().length === 1);
    const jobs = [];
    for (let i = 0; i < 6; i++) jobs.push((await bench.mill.enqueue("k")).id);
    const told: (string | undefined)[] = [jobOf(await first)];
    while (told.length < jobs.length) told.push(jobOf(await events.next()));
    expect(told).toEqual(jobs);
    expect(opened().length).toBeGreaterThan(2);
    stop.abort();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it("of a log ends with the job, after all of its lines", async () => {
    const bench = await aServer();
    const job = await bench.mill.enqueue("k");
    const { fetch, opened } = cutting(bench, 3);
    const texts: string[] = [];
    const following = (async (): Promise<void> => {
      for await (const { text } of clientOf(bench, { fetch }).followLogs(job.id)) texts.push(text);
    })();
    const worker = bench.mill.worker();
    worker.handle("k", async (_, ctx) => {
      for (let i = 1; i <= 5; i++) ctx.log(`line ${i}`);
    });
    await worker.start();
    await following;
    await worker.stop();
    expect(texts).toEqual([1, 2, 3, 4, 5].map((i) => `line ${i}`));
    expect(opened().length).toBeGreaterThan(1);
  });

  it("that was ended by its signal keeps no process alive, though nobody asked for more", async () => {
    const program = `
      import { openMillrace } from "millrace";
      import { MillraceClient } from "millrace/client";
      import { serveHttp } from "millrace/http";
      const mill = await openMillrace("memory:");
      const server = await serveHttp({ mill, apiKey: "${API_KEY}", port: 0 });
      const stop = new AbortController();
      const events = new MillraceClient({ url: server.url, key: "${API_KEY}" }).events({ signal: stop.signal });
      const first = events.next();
      const more = setInterval(() => mill.enqueue("k"), 10);
      await first;
      clearInterval(more);
      stop.abort();
      await server.stop();
      await mill.close();`;
    const args = ["--conditions=millrace-source", "--input-type=module", "--eval", program];
    await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname, timeout: 20_000 });
  });

  it("is refused once, and given up when nobody answers from the start", async () => {
    const bench = await aServer();
    const worker = await jwtFor("press", "worker");
    await expect(clientOf(bench, { key: worker }).events().next()).rejects.toMatchObject({ code: "forbidden" });
    const nobody = clientOf(bench, { fetch: async () => Promise.reject(new TypeError("fetch failed")) });
    await expect(nobody.events().next()).rejects.toMatchObject({ code: "store_unavailable" });
    const missing = clientOf(bench).followLogs("job_01k0c9m2w8x7q5v3r1t4y6p8n0");
    await expect(missing.next()).rejects.toMatchObject({ code: "job_not_found" });
  });
});
