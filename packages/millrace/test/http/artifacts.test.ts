import { createHash, randomBytes } from "node:crypto";
import { rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "../runtime/until.ts";
import { anArtifactServer, filesIn, type ArtifactServer } from "./artifact-server.ts";
import { aServer, jwtFor } from "./bench.ts";
import { onEveryStore } from "./every-store.ts";
import { aRemoteWorker, aWorkerServer, claimOne } from "./remote-worker.ts";

const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const digest = (bytes: string): string => `sha-256=:${createHash("sha256").update(bytes).digest("base64")}:`;

type Body = string | ReadableStream<Uint8Array>;

/** Bytes that come in pieces; `after` says what comes after them instead of an end. */
function inPieces(pieces: readonly Uint8Array[], after?: Error | "silence"): ReadableStream<Uint8Array> {
  const left = [...pieces];
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift();
      if (piece !== undefined) controller.enqueue(piece);
      else if (after === undefined) controller.close();
      else if (after !== "silence") controller.error(after);
      else return new Promise<void>(() => undefined);
      return undefined;
    },
  });
}

/** That nothing came of it: no artifact, no file, and no place that waits for one. */
async function expectNoTrace({ folder, ask }: ArtifactServer, path: string): Promise<void> {
  expect((await ask("GET", path)).body).toEqual({ artifacts: [] });
  await until("no file is left", async () => (await filesIn(folder)).length === 0);
}

onEveryStore("artifacts", (open) => {
  it("come back as they were sent", async () => {
    const server = await anArtifactServer(open);
    const { path } = await server.aJob();
    const bytes = randomBytes(300_000);
    const sent = await server.send("PUT", `${path}/out.bin`, { body: bytes, headers: { "Content-Type": "video/mp4" } });
    expect(sent.status).toBe(201);
    const said: unknown = await sent.json();
    expect(said).toEqual({
      name: "out.bin",
      size: 300_000,
      sha256: sha256(bytes),
      contentType: "video/mp4",
      createdBy: "api-key",
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
    const got = await server.send("GET", `${path}/out.bin`);
    expect(got.status).toBe(200);
    expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true);
    expect(Object.fromEntries(got.headers)).toMatchObject({
      "x-request-id": expect.stringMatching(/./) as string,
      "content-type": "video/mp4",
      "content-length": "300000",
      "content-disposition": `attachment; filename="out.bin"; filename*=UTF-8''out.bin`,
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'",
      etag: `"${sha256(bytes)}"`,
      "repr-digest": `sha-256=:${createHash("sha256").update(bytes).digest("base64")}:`,
    });
    expect((await server.ask("GET", path)).body).toEqual({ artifacts: [said] });
    const head = await server.send("HEAD", `${path}/out.bin`);
    expect([head.status, head.headers.get("content-length"), head.headers.get("etag"), await head.text()]).toEqual([
      200,
      "300000",
      `"${sha256(bytes)}"`,
      "",
    ]);
  });

  it("may be empty, and of no type", async () => {
    const server = await anArtifactServer(open);
    const { path } = await server.aJob();
    expect((await server.send("PUT", `${path}/empty`)).status).toBe(201);
    const got = await server.send("GET", `${path}/empty`);
    expect([got.status, got.headers.get("content-type"), got.headers.get("content-length"), await got.text()]).toEqual([
      200,
      "application/octet-stream",
      "0",
      "",
    ]);
    expect((await server.send("GET", `${path}/empty`, { headers: { Range: "bytes=0-" } })).status).toBe(416);
  });

  it("take the place of one with the same name, whose bytes are deleted", async () => {
    const server = await anArtifactServer(open);
    const { path } = await server.aJob();
    await server.send("PUT", `${path}/a.txt`, { body: "first" });
    await server.send("PUT", `${path}/a.txt`, { body: "the second" });
    expect(await (await server.send("GET", `${path}/a.txt`)).text()).toBe("the second");
    await until("one file is left", async () => (await filesIn(server.folder)).length === 1);
    expect((await filesIn(server.folder))[0]?.size).toBe(10);
  });

  it("are sent by a worker under the lease that it holds, and under no other", async () => {
    const server = await anArtifactServer(open);
    const { path } = await server.aJob();
    const workers = { ask: server.ask as Parameters<typeof aRemoteWorker>[0]["ask"] };
    const worker = await aRemoteWorker(workers);
    const other = await aRemoteWorker(workers);
    const { token } = await claimOne(worker);
    const put = async (key: string, headers: Record<string, string>): Promise<unknown> => {
      const answer = await server.send("PUT", `${path}/log.txt`, { key, headers, body: "said" });
      const { code } = (await answer.json()) as { code?: string };
      return [answer.status, code];
    };
    const held = { "X-Millrace-Token": String(token) };
    expect(await put(worker.key, {})).toEqual([409, "lease_lost"]);
    expect(await put(worker.key, { "X-Millrace-Token": String(token + 1) })).toEqual([409, "lease_lost"]);
    expect(await put(worker.key, { "X-Millrace-Token": "soon" })).toEqual([400, "request_invalid"]);
    expect(await put(other.key, held)).toEqual([409, "lease_lost"]);
    await expectNoTrace(server, path);
    expect(await put(worker.key, held)).toEqual([201, undefined]);
    const got = await server.send("GET", `${path}/log.txt`, { key: worker.key, headers: held });
    expect(await got.text()).toBe("said");
    expect((await server.send("GET", path, { key: worker.key, headers: held })).status).toBe(200);
    expect((await server.send("GET", `${path}/log.txt`, { key: other.key, headers: held })).status).toBe(409);
    const { artifacts } = (await server.ask("GET", path)).body as { artifacts: { createdBy: string }[] };
    expect(artifacts.map(({ createdBy }) => createdBy)).toEqual([worker.id]);
  });

  it("are not kept once the lease is lost, even when all of their bytes have come", async () => {
    const server = await anArtifactServer(open);
    const { id, path } = await server.aJob();
    const worker = await aRemoteWorker({ ask: server.ask as Parameters<typeof aRemoteWorker>[0]["ask"] });
    const { token } = await claimOne(worker);
    const gate = new TransformStream<Uint8Array, Uint8Array>();
    const writer = gate.writable.getWriter();
    const answering = server.send("PUT", `${path}/late`, {
      key: worker.key,
      headers: { "X-Millrace-Token": String(token) },
      body: gate.readable,
    });
    await writer.write(randomBytes(1_000));
    await until("some of it is on disk", async () => (await filesIn(server.folder)).some(({ size }) => size > 0));
    await worker.settle({ job: id, token, outcome: "release" });
    await writer.close();
    const answer = await answering;
    expect([answer.status, await answer.json()]).toEqual([409, expect.objectContaining({ code: "lease_lost" })]);
    await expectNoTrace(server, path);
  });

  it("are sent by people until the job has ended", async () => {
    const server = await anArtifactServer(open);
    const { id, path } = await server.aJob();
    await server.send("PUT", `${path}/before`, { body: "in time" });
    await server.mill.cancel(id);
    const answer = await server.send("PUT", `${path}/after`, { body: "too late" });
    expect([answer.status, await answer.json()]).toEqual([409, expect.objectContaining({ code: "state_conflict" })]);
    expect(await (await server.send("GET", `${path}/before`)).text()).toBe("in time");
    expect((await filesIn(server.folder)).length).toBe(1);
  });

  it("leave no trace when they are not kept", async () => {
    const server = await anArtifactServer(open, { limits: { artifactBytes: 1_000, artifactSilenceMs: 50 } });
    const { path } = await server.aJob();
    const put = async (headers: Record<string, string>, body: Body): Promise<unknown> => {
      const answer = await server.send("PUT", `${path}/x`, { headers, body });
      const { code } = (await answer.json()) as { code: string };
      return [answer.status, code];
    };
    const half = randomBytes(500);
    expect(await put({}, inPieces([half, half, randomBytes(1)]))).toEqual([413, "payload_too_large"]);
    expect(await put({ "Content-Length": "1001" }, inPieces([half]))).toEqual([413, "payload_too_large"]);
    expect(await put({ "X-Millrace-Sha256": sha256("other") }, "these")).toEqual([400, "request_invalid"]);
    expect(await put({ "Repr-Digest": digest("other") }, "these")).toEqual([400, "request_invalid"]);
    expect(await put({ "X-Millrace-Sha256": sha256("a"), "Repr-Digest": digest("b") }, "a")).toEqual([
      400,
      "request_invalid",
    ]);
    expect(await put({}, inPieces([half], new Error("cut")))).toEqual([400, "request_invalid"]);
    expect(await put({}, inPieces([half], "silence"))).toEqual([408, "request_timeout"]);
    expect(await put({ "Content-Encoding": "gzip" }, "x")).toEqual([415, "unsupported_media_type"]);
    expect(await put({ "Content-Range": "bytes 0-1/2" }, "x")).toEqual([400, "request_invalid"]);
    expect(await put({ "Content-Type": "no type" }, "x")).toEqual([400, "request_invalid"]);
    await expectNoTrace(server, path);
    expect(await server.mill.counts()).toMatchObject({ queued: 1 });
    const right = { "X-Millrace-Sha256": sha256("these").toUpperCase(), "Repr-Digest": digest("these") };
    expect(await put(right, inPieces([Buffer.from("the"), Buffer.from("se")]))).toEqual([201, undefined]);
  });
});

describe("an artifact", () => {
  it("lies under a name of the server's own, for the server's user alone", async () => {
    const server = await anArtifactServer();
    const { path } = await server.aJob();
    await server.send("PUT", `${path}/visible-name.txt`, { body: "x" });
    const [file] = await filesIn(server.around);
    expect(file?.path).toMatch(/\/artifacts\/([\da-f]{2})\/\1[\da-f]{38}$/);
    const modes = await Promise.all(
      [file?.path ?? "", dirname(file?.path ?? ""), server.folder].map(async (p) => stat(p)),
    );
    expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(["600", "700", "700"]);
  });

  it("that cannot be written is refused, to be sent again", async () => {
    const server = await anArtifactServer();
    const { path } = await server.aJob();
    await writeFile(server.folder, "where the folder should be");
    const answer = await server.send("PUT", `${path}/a`, { body: "x" });
    expect([answer.status, await answer.json()]).toEqual([
      503,
      expect.objectContaining({ code: "store_unavailable", retryable: true }),
    ]);
    await rm(server.folder);
    expect((await server.send("PUT", `${path}/a`, { body: "x" })).status).toBe(201);
    await rm(server.folder, { recursive: true });
    expect((await server.send("GET", `${path}/a`)).status).toBe(500);
  });

  it("is read in ranges", async () => {
    const server = await anArtifactServer();
    const { path } = await server.aJob();
    await server.send("PUT", `${path}/a`, { body: "0123456789" });
    const get = async (headers: Record<string, string>): Promise<unknown> => {
      const answer = await server.send("GET", `${path}/a`, { headers });
      const { headers: got } = answer;
      return [answer.status, await answer.text(), got.get("content-range"), got.get("content-length")];
    };
    const whole = [200, "0123456789", null, "10"];
    expect(await get({ Range: "bytes=0-3" })).toEqual([206, "0123", "bytes 0-3/10", "4"]);
    expect(await get({ Range: "bytes=7-" })).toEqual([206, "789", "bytes 7-9/10", "3"]);
    expect(await get({ Range: "bytes=-2" })).toEqual([206, "89", "bytes 8-9/10", "2"]);
    expect(await get({ Range: "bytes=-99" })).toEqual([206, "0123456789", "bytes 0-9/10", "10"]);
    expect(await get({ Range: "bytes=9-99" })).toEqual([206, "9", "bytes 9-9/10", "1"]);
    expect(await get({ Range: "bytes=10-" })).toEqual([416, expect.any(String), "bytes */10", null]);
    expect(await get({ Range: "bytes=-0" })).toEqual([416, expect.any(String), "bytes */10", null]);
    for (const odd of ["bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=a-b"]) {
      expect([odd, await get({ Range: odd })]).toEqual([odd, whole]);
    }
    const etag = `"${sha256("0123456789")}"`;
    expect(await get({ Range: "bytes=0-0", "If-Range": etag })).toEqual([206, "0", "bytes 0-0/10", "1"]);
    expect(await get({ Range: "bytes=0-0", "If-Range": '"another"' })).toEqual(whole);
  });

  it("is not sent again to who has it", async () => {
    const server = await anArtifactServer();
    const { path } = await server.aJob();
    await server.send("PUT", `${path}/a`, { body: "x" });
    const etag = `"${sha256("x")}"`;
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const answer = await server.send("GET", `${path}/a`, { headers: { "If-None-Match": tags } });
      expect([tags, answer.status, answer.headers.get("etag"), await answer.text()]).toEqual([tags, 304, etag, ""]);
    }
    const other = await server.send("GET", `${path}/a`, { headers: { "If-None-Match": '"other"' } });
    expect([other.status, await other.text()]).toEqual([200, "x"]);
  });

  it("is not there for another organisation, nor for who may not see the job", async () => {
    const server = await anArtifactServer();
    const { path } = await server.aJob("acme");
    const at = (who: string, role: "owner" | "member" | "viewer", org = "acme") => jwtFor(who, role, org);
    const owner = await at("ada", "owner");
    expect((await server.send("PUT", `${path}/a`, { key: owner, body: "x" })).status).toBe(201);
    const stranger = await at("eve", "owner", "evil");
    const code = async (method: string, key: string, body?: string): Promise<unknown> => {
      const answer = await server.send(method, `${path}/a`, { key, body });
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    expect(await code("GET", stranger)).toEqual([404, "job_not_found"]);
    expect(await code("PUT", stranger, "y")).toEqual([404, "job_not_found"]);
    expect(await code("GET", await at("bob", "member"))).toEqual([403, "forbidden"]);
    expect(await code("PUT", await at("vera", "viewer"), "y")).toEqual([403, "forbidden"]);
    expect((await server.send("GET", `${path}/a`, { key: await at("vera", "viewer") })).status).toBe(200);
    expect((await filesIn(server.folder)).length).toBe(1);
  });

  it("that is not there is said not to be", async () => {
    const server = await anArtifactServer();
    const { path } = await server.aJob();
    const answer = await server.send("GET", `${path}/none`);
    expect([answer.status, await answer.json()]).toEqual([
      404,
      expect.objectContaining({ code: "artifact_not_found" }),
    ]);
  });

  it("is one of so many, on so many ways at once", async () => {
    const server = await anArtifactServer(aServer, { limits: { artifactsPerJob: 2, transfers: 1 } });
    const { path } = await server.aJob();
    for (const name of ["a", "b"])
      expect((await server.send("PUT", `${path}/${name}`, { body: "x" })).status).toBe(201);
    expect((await server.send("PUT", `${path}/c`, { body: "x" })).status).toBe(400);
    expect((await server.send("PUT", `${path}/b`, { body: "other" })).status).toBe(201);
    const first = await server.send("GET", `${path}/b`);
    const second = await server.send("GET", `${path}/b`);
    expect([second.status, second.headers.get("retry-after")]).toEqual([429, "5"]);
    expect((await server.send("HEAD", `${path}/b`)).status).toBe(200);
    expect(await first.text()).toBe("other");
    const third = await server.send("GET", `${path}/b`);
    await third.body?.cancel();
    expect((await server.send("GET", `${path}/b`)).status).toBe(200);
  });
});

describe("a worker's server", () => {
  it("answers 404 to a worker for a job of another organisation, and 409 for one of its own that it does not hold", async () => {
    const server = await aWorkerServer();
    const worker = await aRemoteWorker(server);
    const elsewhere = await server.mill.forOrg("other").enqueue("k");
    const { id } = await server.mill.enqueue("k");
    const get = async (job: string): Promise<number> =>
      (await server.ask("GET", `/v1/jobs/${job}/artifacts`, undefined, worker.key)).status;
    expect(await get(elsewhere.id)).toBe(404);
    expect(await get("job_nothing")).toBe(404);
    expect(await get(id)).toBe(409);
  });
});
