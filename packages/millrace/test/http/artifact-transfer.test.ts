import { createHash } from "node:crypto";
import { readdir, readlink } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { serveHttp, type HttpServer } from "../../src/http/index.ts";
import { until } from "../runtime/until.ts";
import { anArtifactServer, filesIn, type ArtifactServer } from "./artifact-server.ts";
import { API_KEY } from "./bench.ts";

const MIB = 1024 * 1024;

async function aListener(): Promise<ArtifactServer & { readonly http: HttpServer }> {
  const server = await anArtifactServer();
  const http = await serveHttp({ mill: server.mill, apiKey: API_KEY, artifacts: server.folder, port: 0 });
  onTestFinished(http.stop);
  return { ...server, http };
}

function open(
  { http }: { readonly http: HttpServer },
  method: string,
  path: string,
  headers: Record<string, string | number> = {},
) {
  const asked = request(`${http.url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${API_KEY}`, ...headers },
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) =>
    asked.once("response", resolve).once("error", reject),
  );
  return { asked, answered };
}

/** How far memory has grown, at most, while something was done. */
async function growthDuring(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return most - before;
}

describe("a large artifact", () => {
  async function roundTrip(server: Awaited<ReturnType<typeof aListener>>, size: number): Promise<void> {
    const { path } = await server.aJob();
    const chunk = Buffer.alloc(MIB, "0123456789abcdef");
    const hash = createHash("sha256");
    function* chunks(): Generator<Buffer> {
      for (let sent = 0; sent < size; sent += MIB) {
        hash.update(chunk);
        yield chunk;
      }
    }
    const put = open(server, "PUT", `${path}/large`, { "Content-Length": size });
    await pipeline(Readable.from(chunks()), put.asked);
    const answer = await put.answered;
    answer.resume();
    expect(answer.statusCode).toBe(201);
    const sent = hash.digest("hex");
    const get = open(server, "GET", `${path}/large`);
    get.asked.end();
    const got = createHash("sha256");
    let received = 0;
    for await (const part of await get.answered) {
      received += (part as Buffer).length;
      got.update(part as Buffer);
    }
    expect([received, got.digest("hex")]).toEqual([size, sent]);
  }

  it("goes both ways without being held in memory", async () => {
    const server = await aListener();
    // Both ends are in this process, and the first round loads what they need.
    await roundTrip(server, 32 * MIB);
    const growth = await growthDuring(async () => roundTrip(server, 200 * MIB));
    expect(growth / MIB).toBeLessThan(100);
  });

  it("waits for a client that reads slowly, instead of being read ahead", async () => {
    const server = await aListener();
    const { path } = await server.aJob();
    await server.send("PUT", `${path}/large`, { body: new Uint8Array(64 * MIB) });
    const get = open(server, "GET", `${path}/large`);
    get.asked.end();
    const answer = await get.answered;
    answer.pause();
    const growth = await growthDuring(async () => {
      // As many as the sockets on the way take, and no more follow.
      for (let last = -1; last !== answer.readableLength;) {
        last = answer.readableLength;
        await new Promise((resolve) => void setTimeout(resolve, 50));
      }
    });
    expect(growth / MIB).toBeLessThan(32);
    answer.destroy();
  });
});

describe("a connection that is cut", () => {
  it("while it sends, leaves no artifact and no file", async () => {
    const server = await aListener();
    const { path } = await server.aJob();
    const put = open(server, "PUT", `${path}/half`, { "Content-Length": 10 * MIB });
    put.answered.catch(() => undefined);
    put.asked.write(Buffer.alloc(MIB));
    await until("some of it is on disk", async () => (await filesIn(server.folder)).some(({ size }) => size > 0));
    put.asked.destroy();
    await until("no file is left", async () => (await filesIn(server.folder)).length === 0);
    expect((await server.ask("GET", path)).body).toEqual({ artifacts: [] });
  });

  it.skipIf(process.platform !== "linux")("while it reads, leaves no file open", async () => {
    const server = await aListener();
    const { path } = await server.aJob();
    await server.send("PUT", `${path}/large`, { body: new Uint8Array(32 * MIB) });
    const [file] = await filesIn(server.folder);
    const isOpen = async (): Promise<boolean> => (await openFiles()).includes(file?.path ?? "");
    const get = open(server, "GET", `${path}/large`);
    get.asked.end();
    const answer = await get.answered;
    answer.pause();
    await until("it is read", isOpen);
    answer.destroy();
    await until("it is closed", async () => !(await isOpen()));
  });

  it("is answered first, when what it sends is refused", async () => {
    const server = await aListener();
    const put = open(server, "PUT", "/v1/jobs/job_nothing/artifacts/x", { "Content-Length": 100 * MIB });
    put.asked.on("error", () => undefined);
    put.asked.write(Buffer.alloc(MIB));
    const answer = await put.answered;
    answer.resume();
    expect(answer.statusCode).toBe(404);
    put.asked.destroy();
  });
});

/** Files that this process has open, where the system tells. */
async function openFiles(): Promise<readonly string[]> {
  const numbers = await readdir("/proc/self/fd");
  return Promise.all(numbers.map(async (number) => readlink(`/proc/self/fd/${number}`).catch(() => "")));
}
