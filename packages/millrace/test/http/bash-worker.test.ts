import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { describe, expect, it, onTestFinished } from "vitest";
import { aRemoteWorker, aWorkerServer, until, type WorkerServer } from "./remote-worker.ts";
import { killGroup, missingPrograms, startWorker } from "./worker-command.ts";

const SCRIPT = new URL("../../../../examples/remote-worker/worker.sh", import.meta.url).pathname;

const missing = missingPrograms("bash", "curl", "python3");
const reason = missing.length === 0 ? "" : `: ${missing.join(", ")} missing`;

/** A server on a port of its own. */
async function aListeningServer(): Promise<WorkerServer & { readonly url: string }> {
  const bench = await aWorkerServer();
  const server = serve({ fetch: bench.fetch, port: 0, hostname: "127.0.0.1" });
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return { ...bench, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** The example, running a command of its own for each job. */
function bashWorker(url: string, id: string, ...command: readonly string[]): ChildProcess {
  return startWorker({ url, id }, "bash", SCRIPT, ...command);
}

describe.skipIf(missing.length > 0)(`the worker of bash and curl${reason}`, () => {
  it("runs a command for every job, and says what it printed", async () => {
    const { mill, url } = await aListeningServer();
    const script =
      'read -r payload; echo "at work" >&2; case $payload in *bad*) exit 3 ;; *) echo "got $payload" ;; esac';
    bashWorker(url, "bash-1", "bash", "-c", script);
    const good = await mill.enqueue("k", { text: 'it\'s "good" $HOME' });
    const bad = await mill.enqueue("k", { text: "bad" }, { maxAttempts: 1 });
    expect(await mill.wait(good.id)).toMatchObject({
      state: "completed",
      worker: "bash-1",
      result: 'got {"text": "it\'s \\"good\\" $HOME"}',
    });
    expect(await mill.wait(bad.id)).toMatchObject({ state: "failed", error: { name: "Error", message: "at work" } });
  });

  it("ends the command of a job that is cancelled", async () => {
    const { mill, url } = await aListeningServer();
    bashWorker(url, "bash-1", "sleep", "600");
    const { id } = await mill.enqueue("k");
    await until(async () => (await mill.get(id))?.state === "running");
    await mill.cancel(id);
    expect(await mill.wait(id, { timeoutMs: 20_000 })).toMatchObject({ state: "cancelled" });
    // It is ready for the next one.
    const next = await mill.enqueue("k");
    await until(async () => (await mill.get(next.id))?.state === "running");
  });

  it("unregisters when it is asked to stop, though it waits for a job", async () => {
    const { mill, url } = await aListeningServer();
    const child = bashWorker(url, "bash-1", "cat");
    await until(async () => (await mill.workers()).length === 1);
    const { id } = await mill.enqueue("k");
    await mill.wait(id);
    const began = performance.now();
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(await mill.workers()).toEqual([]);
  });

  it("takes no job with it when it is killed while it waits", async () => {
    const server = await aListeningServer();
    const { mill, url } = server;
    const child = bashWorker(url, "bash-1", "cat");
    await mill.wait((await mill.enqueue("k")).id);
    killGroup(child);
    await once(child, "exit");
    const heir = await aRemoteWorker(server, { id: "heir" });
    const { id } = await mill.enqueue("k");
    const { jobs } = (await heir.claim(1, 10_000)).body;
    expect(jobs).toMatchObject([{ id, attempt: 1, worker: "heir" }]);
  });
});
