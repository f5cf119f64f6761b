import { isMillraceError, Millrace, openMillrace, type HandlerContext, type Job, type JobId } from "millrace";
import { MillraceClient } from "millrace/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { afterRelease } from "../../src/core/transition.ts";
import { API_KEY } from "./bench.ts";
import { listening } from "./listening.ts";

type Body = (ctx: HandlerContext<Millrace>) => Promise<unknown>;

/** Runs one job by this handler, in a worker at the other end of the wire; answers how it ended. */
async function runOver(mill: Millrace, id: string, body: Body): Promise<Job> {
  const worker = mill.worker({ concurrency: 1, stopGraceMs: 0, leaseMs: 600, heartbeatMs: 200 });
  worker.handle("k", async (_, ctx) => ({ value: await body(ctx) }));
  await worker.start();
  onTestFinished(() => worker.stop());
  return mill.wait(id);
}

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => "no error",
    (error: unknown) => (isMillraceError(error) ? error.code : error),
  );
}

describe("ctx.artifacts", () => {
  it("reads what belongs to the job, in whole or in part, and adds to it in the name of the worker", async () => {
    const { url, open } = await listening();
    const mill = await open();
    const client = new MillraceClient({ url, key: API_KEY });
    // Due when its file is there.
    const { id } = await client.enqueue("k", null, { delayMs: 300 });
    await client.putArtifact(id, "in.txt", "some text", { contentType: "text/plain" });
    const { result } = await runOver(mill, id, async ({ artifacts }) => {
      const { body, contentType, size } = await artifacts.get("in.txt");
      const part = await artifacts.get("in.txt", { range: { first: 5 } });
      const { createdAt, ...put } = await artifacts.put("out.gz", body.pipeThrough(new CompressionStream("gzip")));
      expect(createdAt).toBeInstanceOf(Date);
      const names = (await artifacts.list()).map(({ name }) => name);
      return { contentType, size, part: await new Response(part.body).text(), by: put.createdBy, names };
    });
    const [worker] = await mill.workers();
    expect(result).toEqual({
      value: { contentType: "text/plain", size: 9, part: "text", by: worker?.id, names: ["in.txt", "out.gz"] },
    });
    const { body } = await client.getArtifact(id, "out.gz");
    expect(await new Response(body.pipeThrough(new DecompressionStream("gzip"))).text()).toBe("some text");
  });

  it("says what is not there, and what cannot be a name", async () => {
    const { url, open } = await listening();
    const { id } = await new MillraceClient({ url, key: API_KEY }).enqueue("k");
    const { result } = await runOver(await open(), id, async ({ artifacts }) => [
      await codeOf(artifacts.get("none")),
      await codeOf(artifacts.put("../../etc/passwd", "x")),
      await codeOf(artifacts.put("a", "x", { sha256: "0".repeat(64) })),
    ]);
    expect(result).toEqual({ value: ["artifact_not_found", "request_invalid", "request_invalid"] });
  });

  it("is refused for an attempt that has lost its lease, and leaves nothing", async () => {
    const { url, served, open } = await listening();
    const client = new MillraceClient({ url, key: API_KEY });
    const { id } = await client.enqueue("k");
    const { store } = Millrace.kernelOf(served);
    let late: unknown;
    await runOver(await open(), id, async ({ artifacts, token }) => {
      if (token > 1) return;
      // Somebody takes the job back, and this attempt has not heard of it.
      await store.settle([{ job: id as JobId, token, move: afterRelease() }]);
      late = await Promise.all([
        codeOf(artifacts.put("late", "x")),
        codeOf(artifacts.get("late")),
        codeOf(artifacts.list()),
      ]);
    });
    expect(late).toEqual(["lease_lost", "lease_lost", "lease_lost"]);
    expect(await client.artifacts(id)).toEqual([]);
  });

  it("is for workers that are connected to a server, and says so to others", async () => {
    const mill = await openMillrace("memory:");
    onTestFinished(() => mill.close());
    const { id } = await mill.enqueue("k", null, { maxAttempts: 1 });
    const job = await runOver(mill, id, async ({ artifacts }) => artifacts.list());
    expect(job).toMatchObject({ state: "failed", error: { name: "OptionsError" } });
    expect(job.error?.message).toMatch(/artifacts lie with a server, .* open the client on the server's address/);
  });
});
