import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { MillraceClient } from "millrace/client";
import { describe, expect, onTestFinished, test } from "vitest";
import { order, retry, sendSource } from "../../../../examples/buildfarm/submit.ts";
import { unpack } from "../../../../examples/buildfarm/unpack.ts";
import { API_KEY } from "../http/bench.ts";
import { listening } from "../http/listening.ts";
import { Scene } from "../process/scene.ts";
import { onEachStore } from "../process/store-kinds.ts";
import { WireWorker } from "./wire-worker.ts";

const ORDER = { version: "1.0.1", tryMs: 0 };

onEachStore((kind) => {
  test("DD4 after a restart the oldest build comes first, a retried one is in the queue, a cancelled one never comes", async () => {
    const scene = Scene.on(kind);
    const mill = await scene.open();
    const [first, second, third] = await mill.enqueueMany([1, 2, 3].map((n) => ({ kind: "build", payload: n })));
    for (const job of [first, second]) await mill.cancel(job?.id ?? "");
    const again = await mill.retry(second?.id ?? "");
    await mill.close();

    const reopened = await scene.open();
    const built: (number | null)[] = [];
    const worker = reopened.worker({ concurrency: 1 });
    worker.handle("build", ({ number }) => void built.push(number));
    await worker.start();
    await reopened.wait(again.id);
    await worker.stop();
    expect(built).toEqual([third?.number, again.number]);
    expect(again).toMatchObject({ number: 4, retryOf: second?.id, payload: 2 });
  });
});

describe("a farm", () => {
  test("D7 refuses to retry a build whose source is gone, and enqueues nothing", async () => {
    const { url, served } = await listening();
    const client = new MillraceClient({ url, key: API_KEY });
    const build = await order(client, ORDER, "key");
    await client.cancel(build.id);
    await expect(retry(client, build, "key")).rejects.toThrow(
      "Original build source no longer available. Please submit a new build.",
    );
    expect((await served.list()).jobs).toHaveLength(1);
  });

  test("D6 D8 DD6 DD7 DD8 a machine that has given its build back sees nothing of it, and nobody sees a token", async () => {
    const { url } = await listening();
    const client = new MillraceClient({ url, key: API_KEY });
    const build = await order(client, ORDER, "key");
    await sendSource(client, build, "source");
    const before = await WireWorker.register(url, API_KEY, { id: "before" });
    const [lease] = await before.claim();
    if (lease === undefined) throw new Error("there was nothing to claim");
    expect(await before.hasArtifact(lease, "source.tgz")).toBe(true);
    expect(JSON.stringify(await client.get(build.id))).not.toMatch(/"(?:lease|token|secrets|traceparent)"/);

    expect(await before.settle(lease, "release")).toBe("settled");
    await expect(before.hasArtifact(lease, "source.tgz")).rejects.toThrow("409");
    const after = await WireWorker.register(url, API_KEY, { id: "after" });
    const [next] = await after.claim();
    expect(next).toMatchObject({ job: build.id });
    // Nor with the token of whoever has it now.
    await expect(before.hasArtifact(next ?? lease, "source.tgz")).rejects.toThrow("409");
    expect(await before.settle(lease, "complete")).toBe("lease_lost");
    expect(await client.get(build.id)).toMatchObject({ state: "running", worker: "after", attempt: 1, progress: null });
  });
});

describe("D10 a source that is unpacked", () => {
  test("lies in its folder, as it was", () => {
    const folder = aFolder();
    unpack(archiveOf({ name: "package/", type: "5" }, { name: "package/src/a.ts", text: "a" }, { name: "b" }), folder);
    expect(readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted(byName)).toEqual([
      "b",
      "package",
      join("package", "src"),
      join("package", "src", "a.ts"),
    ]);
  });

  test.for(["../b", "a/../../b", "..", "/etc/passwd", "\\\\host\\share", "C:/b", "a\\..\\b"])(
    "has no entry %j, which lies outside of it",
    (name) => {
      const folder = aFolder();
      expect(() => unpack(archiveOf({ name }), folder)).toThrow(/entry that lies outside of it/);
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test.for(["1", "2", "3", "6"])("has no links and devices (type %s)", (type) => {
    const folder = aFolder();
    expect(() => unpack(archiveOf({ name: "link", type }), folder)).toThrow(/neither file nor folder: "link"/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is refused when it is no archive, ends too soon, or grows beyond measure", () => {
    const folder = aFolder();
    expect(() => unpack(Buffer.from("no archive"), folder)).toThrow("the source is no gzip archive");
    const cut = gzipSync(tarOf({ name: "a", text: "some text" }).subarray(0, 512));
    expect(() => unpack(cut, folder)).toThrow("the source ends in the middle of a file");
    const bomb = gzipSync(Buffer.alloc(50 * 1_024 * 1_024 + 1));
    expect(() => unpack(bomb, folder)).toThrow(/has more than 52428800 bytes when it is unpacked/);
    expect(readdirSync(folder)).toEqual([]);
  });
});

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-unpack-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

const byName = (a: string, b: string): number => (a < b ? -1 : 1);

interface Entry {
  readonly name: string;
  readonly text?: string;
  readonly type?: string;
}

function archiveOf(...entries: readonly Entry[]): Buffer {
  return gzipSync(Buffer.concat([...entries.map(tarOf), Buffer.alloc(1_024)]));
}

/** An entry as `tar` writes it, as far as anybody reads it. */
function tarOf({ name, text = "", type = "0" }: Entry): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(`${text.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write(type, 156);
  return Buffer.concat([header, Buffer.alloc(Math.ceil(text.length / 512) * 512, text)]);
}
