import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolders } from "../cli/temporary-folder.ts";
import { jwtFor } from "./bench.ts";
import { listening } from "./listening.ts";
import { until } from "./remote-worker.ts";
import { missingPrograms, startWorker } from "./worker-command.ts";

const EXAMPLE = new URL("../../../../examples/remote-worker", import.meta.url).pathname;

const missing = missingPrograms("python3");
const reason = missing.length === 0 ? "" : ": python3 missing";

const folders = temporaryFolders();

/** What a handler can do, a kind for each. */
const HANDLERS = `
import sys, time
sys.path.insert(0, ${JSON.stringify(EXAMPLE)})
from worker import Permanent, Snooze, run

seen = set()

def once_only(job, attempt):
    if job["id"] not in seen:
        seen.add(job["id"])
        raise Snooze(0.02)
    return attempt.number

def raises(job, attempt):
    raise (Permanent if job["payload"] else ValueError)("no " + str(attempt.number))

def listens(job, attempt):
    attempt.progress(40, "waiting")
    attempt.stop.wait()
    return "stopped"

def secret(job, attempt):
    return {"holds": sorted(attempt.secrets), "says": attempt.secrets["TOKEN"]}

def slow(job, attempt):
    time.sleep(job["payload"])
    return "done"

run({"once": once_only, "raises": raises, "listens": listens, "secret": secret, "slow": slow, "no json": lambda *_: {1, 2}})
`;

async function pythonWorker(url: string, key?: string): Promise<ChildProcess> {
  const folder = await folders.create({ "handlers.py": HANDLERS });
  const told = { url, id: "python-1", ...(key === undefined ? {} : { key }) };
  return startWorker(told, "python3", join(folder, "handlers.py"));
}

describe.skipIf(missing.length > 0)(`the worker of Python's standard library${reason}`, () => {
  it("runs the example's handler, and keeps its log and result", async () => {
    const { served, url } = await listening();
    startWorker({ url, id: "counter" }, "python3", join(EXAMPLE, "count_words.py"));
    const good = await served.enqueue("count-words", { text: "hello, you\nand you" });
    const bad = await served.enqueue("count-words", {});
    expect(await served.wait(good.id)).toMatchObject({ state: "completed", worker: "counter", result: { words: 4 } });
    expect((await served.logs(good.id)).map(({ text }) => text)).toEqual(["4 words in 2 lines"]);
    expect(await served.wait(bad.id)).toMatchObject({
      state: "failed",
      attempt: 1,
      error: { name: "Permanent", message: "the payload has no text" },
    });
  });

  it("says of each attempt how it ended", async () => {
    const { served, url } = await listening();
    await pythonWorker(url);
    const backoff = { type: "fixed", delayMs: 1 } as const;
    const [snoozed, permanent, raised, told, odd] = await Promise.all([
      served.enqueue("once"),
      served.enqueue("raises", true),
      served.enqueue("raises", false, { maxAttempts: 2, backoff }),
      served.enqueue("secret", null, { secrets: { TOKEN: "never to be seen" } }),
      served.enqueue("no json", null, { maxAttempts: 1 }),
    ]);
    expect(await served.wait(snoozed.id)).toMatchObject({ state: "completed", attempt: 1, result: 1 });
    expect(await served.wait(permanent.id)).toMatchObject({
      state: "failed",
      attempt: 1,
      error: { name: "Permanent" },
    });
    expect(await served.wait(raised.id)).toMatchObject({
      state: "failed",
      attempt: 2,
      error: { name: "ValueError", message: "no 2" },
    });
    expect(await served.wait(told.id)).toMatchObject({ result: { holds: ["TOKEN"], says: "[secret TOKEN]" } });
    expect(await served.wait(odd.id)).toMatchObject({ state: "failed", error: { name: "TypeError" } });
  });

  it("puts off a kind that it does not know", async () => {
    const { served, url } = await listening();
    await pythonWorker(url);
    const { id } = await served.enqueue("of another worker");
    await until(async () => (await served.get(id))?.state === "scheduled");
    expect(await served.get(id)).toMatchObject({ state: "scheduled", attempt: 0 });
  });

  it("tells a handler of a cancel and of the time limit, and reports its progress", async () => {
    const { served, url } = await listening();
    await pythonWorker(url);
    const cancelled = await served.enqueue("listens");
    await until(async () => (await served.get(cancelled.id))?.progress?.message === "waiting");
    await served.cancel(cancelled.id);
    expect(await served.wait(cancelled.id, { timeoutMs: 10_000 })).toMatchObject({ state: "cancelled" });
    const late = await served.enqueue("listens", null, { timeoutMs: 300, maxAttempts: 1 });
    expect(await served.wait(late.id, { timeoutMs: 10_000 })).toMatchObject({
      state: "failed",
      error: { name: "TimeoutError" },
    });
  });

  it("goes on when the server was away and has forgotten it, and settles what it ran meanwhile", async () => {
    const { served, url, restart } = await listening();
    await pythonWorker(url, await jwtFor("ann", "worker"));
    const { id } = await served.enqueue("slow", 1);
    await until(async () => (await served.get(id))?.state === "running");
    // The key that the worker was given opens nothing at this one: it registers again.
    await restart({ apiKey: "another-api-key-of-thirty-two-characters" });
    expect(await served.wait(id)).toMatchObject({ state: "completed", attempt: 1, result: "done" });
    const next = await served.enqueue("slow", 0);
    expect(await served.wait(next.id, { timeoutMs: 20_000 })).toMatchObject({ state: "completed" });
  });

  it("finishes its job and unregisters when it is asked to stop, and when it waits for one", async () => {
    const { served, url } = await listening();
    const busy = await pythonWorker(url);
    const { id } = await served.enqueue("slow", 0.5);
    await until(async () => (await served.get(id))?.state === "running");
    busy.kill("SIGTERM");
    expect(await once(busy, "exit")).toEqual([0, null]);
    expect(await served.get(id)).toMatchObject({ state: "completed" });
    const idle = await pythonWorker(url);
    await until(async () => (await served.workers()).length === 1);
    const began = performance.now();
    idle.kill("SIGTERM");
    expect(await once(idle, "exit")).toEqual([0, null]);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(await served.workers()).toEqual([]);
  });
});
