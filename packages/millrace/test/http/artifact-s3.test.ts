import { createHash, randomBytes } from "node:crypto";
// @ts-expect-error -- the package has no types
import S3rver from "@20minutes/s3rver";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../runtime/until.ts";
import { anArtifactServer, filesIn } from "./artifact-server.ts";

interface S3Server {
  run(): Promise<{ readonly port: number }>;
  close(): Promise<void>;
}

const Server = S3rver as new (options: object) => S3Server;

/** A bucket on a server of its own, and the folder where that server keeps it. */
async function aBucket(): Promise<{
  readonly target: string;
  readonly folder: string;
  readonly close: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-s3-"));
  const s3 = new Server({
    port: 0,
    address: "127.0.0.1",
    silent: true,
    directory: folder,
    configureBuckets: [{ name: "files" }],
  });
  const { port } = await s3.run();
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => (closed ??= s3.close());
  onTestFinished(async () => {
    await close();
    await rm(folder, { recursive: true, force: true });
  });
  vi.stubEnv("AWS_ACCESS_KEY_ID", "S3RVER");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "S3RVER");
  const endpoint = encodeURIComponent(`http://127.0.0.1:${port}`);
  return { target: `s3://files/of/millrace?endpoint=${endpoint}&region=us-east-1`, folder, close };
}

describe("artifacts in S3", () => {
  it("come back as they were sent, whole and in ranges, and go when they are replaced", async () => {
    const { target, folder } = await aBucket();
    const server = await anArtifactServer(undefined, { artifacts: target });
    const { path } = await server.aJob();
    // More than one part, and not a whole number of them.
    const bytes = randomBytes(20 * 1024 * 1024 + 1);
    const sent = await server.send("PUT", `${path}/large.bin`, { body: bytes });
    expect(await sent.json()).toMatchObject({
      size: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    });
    const got = await server.send("GET", `${path}/large.bin`);
    expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true);
    const part = await server.send("GET", `${path}/large.bin`, { headers: { Range: "bytes=1000-1999" } });
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(1_000, 2_000))).toBe(true);
    const objects = async (): Promise<readonly string[]> =>
      (await filesIn(folder)).map(({ path: file }) => file).filter((file) => file.endsWith("_object"));
    expect(await objects()).toEqual([expect.stringMatching(/\/files\/of\/millrace\/[\da-f]{40}\._S3rver_object$/)]);
    for (const body of ["", "x"]) {
      expect((await server.send("PUT", `${path}/large.bin`, { body })).status).toBe(201);
      expect(await (await server.send("GET", `${path}/large.bin`)).text()).toBe(body);
    }
    await until("one object is left", async () => (await objects()).length === 1);
    expect((await filesIn(server.around)).length).toBe(0);
  });

  it("are answered with what is wrong, when the bucket lacks one or cannot be reached", async () => {
    const { target, folder, close } = await aBucket();
    const server = await anArtifactServer(undefined, { artifacts: target });
    const { path } = await server.aJob();
    await server.send("PUT", `${path}/a`, { body: "x" });
    await rm(join(folder, "files", "of"), { recursive: true });
    const code = async (method: string, body?: string): Promise<unknown> => {
      const answer = await server.send(method, `${path}/a`, { body });
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    expect(await code("GET")).toEqual([500, "store_corrupt"]);
    await close();
    expect(await code("GET")).toEqual([503, "store_unavailable"]);
    expect(await code("PUT", "y")).toEqual([503, "store_unavailable"]);
  });

  it("leave no object when they are not kept", async () => {
    const { target, folder } = await aBucket();
    const server = await anArtifactServer(undefined, { artifacts: target, limits: { artifactBytes: 20_000_000 } });
    const { path } = await server.aJob();
    const large = new Uint8Array(20_000_001);
    expect((await server.send("PUT", `${path}/a`, { body: large })).status).toBe(413);
    const wrong = { "X-Millrace-Sha256": "0".repeat(64) };
    for (const size of [10, 19_000_000]) {
      expect((await server.send("PUT", `${path}/a`, { body: new Uint8Array(size), headers: wrong })).status).toBe(400);
    }
    expect((await server.ask("GET", path)).body).toEqual({ artifacts: [] });
    await until("no object is left", async () => {
      const files = await filesIn(folder);
      return files.every(({ path: file }) => !file.includes("/of/millrace/"));
    });
  });

  it("are refused where they cannot lie", async () => {
    for (const [artifacts, why] of [
      ["s3://", /names no bucket/],
      ["s3://bucket?regoin=x", /"regoin" is no parameter of S3/],
      ["s3://key:secret@bucket", /credentials for S3 belong into the environment/],
      ["s3://bucket?endpoint=localhost:9000", /the endpoint must be an http or https URL/],
      ["gs://bucket", /must be a folder or an s3:\/\/ URL/],
      ["", /must be a folder or an s3:\/\/ URL/],
    ] as const) {
      await expect(anArtifactServer(undefined, { artifacts })).rejects.toThrow(why);
    }
  });
});
