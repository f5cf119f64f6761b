import { randomBytes } from "node:crypto";
import { isMillraceError, MillraceClient } from "millrace/client";
import { describe, expect, it } from "vitest";
import { anArtifactServer, type ArtifactServer } from "./artifact-server.ts";
import { API_KEY } from "./bench.ts";
import { aRemoteWorker, claimOne } from "./remote-worker.ts";

function clientOf(server: ArtifactServer, key = API_KEY): MillraceClient {
  return new MillraceClient({ url: "http://server", key, fetch: server.fetch });
}

async function textOf(body: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(body).text();
}

describe("a client", () => {
  it("sends artifacts of any form, and gets them back whole or in part", async () => {
    const server = await anArtifactServer();
    const client = clientOf(server);
    const { id } = await client.enqueue("k");
    const forms = {
      "a text.txt": "some text",
      "ünï-code": new Blob(["some text"], { type: "text/plain" }),
      "bytes?&#": new TextEncoder().encode("some text"),
      stream: new Blob(["some ", "text"]).stream(),
    };
    for (const [name, bytes] of Object.entries(forms)) {
      expect(await client.putArtifact(id, name, bytes)).toMatchObject({ name, size: 9, createdBy: "api-key" });
      const { body, ...said } = await client.getArtifact(id, name);
      expect(await textOf(body)).toBe("some text");
      expect(said).toMatchObject({ size: 9, sha256: expect.stringMatching(/^[\da-f]{64}$/) as string });
      const part = await client.getArtifact(id, name, { range: { first: 5 } });
      expect([await textOf(part.body), part.size]).toEqual(["text", 4]);
    }
    const listed = await client.artifacts(id);
    expect(listed.map(({ name }) => name).toSorted()).toEqual(Object.keys(forms).toSorted());
    expect(listed.find(({ name }) => name.startsWith("ü"))?.contentType).toBe("text/plain");
  });

  it("sends them as a worker, under its lease", async () => {
    const server = await anArtifactServer();
    const { id } = await server.aJob();
    const worker = await aRemoteWorker({ ask: server.ask as Parameters<typeof aRemoteWorker>[0]["ask"] });
    const { token } = await claimOne(worker);
    const client = clientOf(server, worker.key);
    await client.putArtifact(id, "out", randomBytes(10), { token, contentType: "video/mp4" });
    expect((await client.getArtifact(id, "out", { token })).contentType).toBe("video/mp4");
    const problem = await client.putArtifact(id, "out", "x", { token: token + 1 }).catch((error: unknown) => error);
    expect(isMillraceError(problem) && problem.code).toBe("lease_lost");
  });

  it("is told what is wrong as it is told by any call", async () => {
    const server = await anArtifactServer();
    const client = clientOf(server);
    const { id } = await client.enqueue("k");
    const codeOf = async (call: Promise<unknown>): Promise<unknown> =>
      call.then(
        () => "no error",
        (error: unknown) => (isMillraceError(error) ? error.code : error),
      );
    expect(await codeOf(client.getArtifact(id, "none"))).toBe("artifact_not_found");
    expect(await codeOf(client.putArtifact(id, "a/b", "x"))).toBe("request_invalid");
    expect(await codeOf(client.putArtifact(id, "\ud800", "x"))).toBe("request_invalid");
    expect(await codeOf(client.putArtifact(id, "a", "x", { sha256: "0".repeat(64) }))).toBe("request_invalid");
    await client.putArtifact(id, "a", "x");
    expect(await codeOf(client.getArtifact(id, "a", { range: { first: 1 } }))).toBe("request_invalid");
    const away = new MillraceClient({
      url: "http://server",
      key: API_KEY,
      fetch: async () => Promise.reject(new Error("cut")),
    });
    expect(await codeOf(away.putArtifact(id, "a", "x"))).toBe("store_unavailable");
    const silent = new MillraceClient({
      url: "http://server",
      key: API_KEY,
      fetch: async ({ signal }) => untilAborted(signal),
    });
    expect(await codeOf(silent.getArtifact(id, "a", { timeoutMs: 5 }))).toBe("store_unavailable");
    const stop = AbortSignal.abort(new Error("enough"));
    await expect(silent.putArtifact(id, "a", "x", { signal: stop })).rejects.toThrow("enough");
  });
});

async function untilAborted(signal: AbortSignal): Promise<Response> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(new Error("aborted"));
    signal.addEventListener("abort", () => reject(new Error("aborted")));
  });
}
