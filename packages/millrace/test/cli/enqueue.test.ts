import { join } from "node:path";
import { openMillrace, type Job } from "millrace";
import { describe, expect, it } from "vitest";
import { matching } from "./expected-text.ts";
import { millrace, startMillrace } from "./spawn-millrace.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();

const HANDLERS = `export default {
  "add": async (job) => job.payload.a + job.payload.b,
  "fail": async () => { throw new RangeError("too far"); },
};`;

/** The one job of the store in a folder. */
async function onlyJob(cwd: string): Promise<Job> {
  const mill = await openMillrace(`sqlite:${join(cwd, "millrace.db")}`);
  const { jobs } = await mill.list();
  await mill.close();
  expect(jobs).toHaveLength(1);
  return jobs[0] as Job;
}

describe.concurrent("enqueue", () => {
  it("adds a job, makes the store, and prints id, name and state", async () => {
    const cwd = await folders.create();
    const run = await millrace(["enqueue", "mail.send", '{"to": "ada"}'], { cwd });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    const job = await onlyJob(cwd);
    expect(run.stdout).toBe(`${job.id} default#1 queued\n`);
    expect(job).toMatchObject({ kind: "mail.send", payload: { to: "ada" }, number: 1, queue: "default" });
  });

  it("takes every option", async () => {
    const cwd = await folders.create();
    const options = [
      [
        "--queue",
        "mail",
        "--priority",
        "high",
        "--in",
        "1h30m",
        "--key",
        "k1",
        "--scope",
        "letters",
        "--group",
        "news",
      ],
      [
        "--tag",
        "customer=7",
        "--tag",
        "urgent",
        "--requires",
        "gpu,threads>=8",
        "--fair-key",
        "ada",
        "--max-attempts",
        "7",
      ],
      ["--timeout", "90s", "--backoff", "exponential:2s,factor=3,max=1m,jitter=0", "--json"],
    ];
    const run = await millrace(["enqueue", "mail.send", ...options.flat()], { cwd });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    const job = await onlyJob(cwd);
    expect(JSON.parse(run.stdout)).toEqual(JSON.parse(JSON.stringify(job)));
    expect(job).toMatchObject({
      queue: "mail",
      priority: 10,
      state: "scheduled",
      key: "k1",
      scope: "letters",
      number: 1,
      group: "news",
      tags: { customer: "7", urgent: "" },
      requires: ["gpu", "threads>=8"],
      fairKey: "ada",
      maxAttempts: 7,
      timeoutMs: 90_000,
      backoff: { type: "exponential", delayMs: 2_000, factor: 3, maxMs: 60_000, jitter: 0 },
      payload: null,
    });
    expect(job.runAt.getTime() - job.createdAt.getTime()).toBe(90 * 60_000);
  });

  it("takes a time, and gives no number when told so", async () => {
    const cwd = await folders.create();
    await millrace(["enqueue", "k", "--at", "2099-01-31T08:00:00+02:00", "--no-number"], { cwd });
    const job = await onlyJob(cwd);
    expect(job.runAt.toISOString()).toBe("2099-01-31T06:00:00.000Z");
    expect(job.number).toBeNull();
  });

  it.each([
    ["a file", "@job.json", undefined],
    ["standard input", "-", '\uFEFF{"a": [1, "é"]}\n'],
  ])("reads the payload from %s", async (_, argument, input) => {
    const cwd = await folders.create({ "job.json": '{"a": [1, "é"]}' });
    const run = await millrace(["enqueue", "k", argument], { cwd, ...(input === undefined ? {} : { input }) });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await onlyJob(cwd)).payload).toEqual({ a: [1, "é"] });
  });

  it("answers the live job of a key instead of a second one", async () => {
    const cwd = await folders.create();
    const args = ["enqueue", "k", "1", "--key", "once"];
    const [first, second] = [await millrace(args, { cwd }), await millrace(args, { cwd })];
    expect(second.stdout).toBe(first.stdout);
    await onlyJob(cwd);
  });

  it("finds its store by option, by environment, and by default, in this order", async () => {
    const cwd = await folders.create();
    const env = { MILLRACE_STORE: "sqlite:env.db" };
    await millrace(["enqueue", "a", "--store", "sqlite:flag.db"], { cwd, env });
    await millrace(["--store", "sqlite:flag.db", "enqueue", "b"], { cwd });
    await millrace(["enqueue", "c"], { cwd, env });
    const kinds = async (store: string): Promise<string[]> => {
      const { stdout } = await millrace(["jobs", "list", "--json", "--store", `sqlite:${store}`], { cwd });
      return (JSON.parse(stdout) as { jobs: Job[] }).jobs.map(({ kind }) => kind);
    };
    expect(await kinds("flag.db")).toEqual(["b", "a"]);
    expect(await kinds("env.db")).toEqual(["c"]);
  });

  it("waits for the result, and tells a failure by its exit code", async () => {
    const cwd = await folders.create({ "handlers.mjs": HANDLERS });
    const worker = startMillrace(["work", "--handlers", "handlers.mjs"], { cwd });
    await worker.printed("Working on");
    const [sum, sumJson, failed] = await Promise.all([
      millrace(["enqueue", "add", '{"a": 1, "b": 2}', "--wait"], { cwd }),
      millrace(["enqueue", "add", '{"a": 3, "b": 4}', "--wait", "--json"], { cwd }),
      millrace(["enqueue", "fail", "--max-attempts", "1", "--wait"], { cwd }),
    ]);
    expect(sum).toMatchObject({ exitCode: 0, stdout: matching(/ completed\n3\n$/) });
    expect(JSON.parse(sumJson.stdout)).toMatchObject({ state: "completed", result: 7 });
    expect(failed).toMatchObject({ exitCode: 1, stdout: matching(/ failed\nRangeError: too far\n$/) });
    worker.child.kill("SIGTERM");
    expect((await worker.ended).exitCode).toBe(0);
  });

  it("tells a cancelled job by its exit code as well", async () => {
    const cwd = await folders.create();
    const waiting = startMillrace(["enqueue", "k", "--wait"], { cwd });
    await waiting.printed("default#1 queued");
    await millrace(["jobs", "cancel", "default#1", "--reason", "never mind"], { cwd });
    expect(await waiting.ended).toMatchObject({
      exitCode: 1,
      stdout: matching(/ cancelled\nnever mind\n$/),
    });
  });
});
