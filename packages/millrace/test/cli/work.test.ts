import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openMillrace, type Millrace } from "millrace";
import { describe, expect, it } from "vitest";
import { matching } from "./expected-text.ts";
import { millrace, startMillrace } from "./spawn-millrace.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();

async function open(cwd: string): Promise<Millrace> {
  return openMillrace(`sqlite:${join(cwd, "millrace.db")}`);
}

const FORMS: Readonly<Record<string, string>> = {
  "an object of handlers by kind": 'export default { "add": (job) => job.payload + 1 };',
  "a list of pairs": 'export default [[{ kind: "add", queue: "default", options: {} }, (job) => job.payload + 1]];',
  "a map": 'export default new Map([["add", (job) => job.payload + 1]]);',
  "a function":
    'export default async (worker, mill) => { await mill.queues(); worker.handle("add", (job) => job.payload + 1); };',
};

describe.concurrent("work", () => {
  it.each(Object.entries(FORMS))("runs the handlers of a file that exports %s, and drains", async (_, text) => {
    const cwd = await folders.create({ "handlers.mjs": text });
    const mill = await open(cwd);
    const [first, second] = await mill.enqueueMany([
      { kind: "add", payload: 1 },
      { kind: "add", payload: 2 },
    ]);
    const run = await millrace(["work", "--handlers", "handlers.mjs", "--drain"], { cwd });
    expect(run).toMatchObject({ exitCode: 0, stdout: "Completed 2.\n", stderr: "Working on add. Ctrl-C stops.\n" });
    expect(await mill.get(first?.id ?? "")).toMatchObject({ state: "completed", result: 2 });
    expect(await mill.get(second?.id ?? "")).toMatchObject({ state: "completed", result: 3 });
    await mill.close();
  });

  it("reads handlers in TypeScript", async () => {
    const cwd = await folders.create({
      "handlers.ts":
        "const tell = (text: string): string => `${text}!`;\nexport default { greet: (job: { payload: string }) => tell(job.payload) };",
    });
    await millrace(["enqueue", "greet", '"hello"'], { cwd });
    await millrace(["work", "--handlers", "handlers.ts", "--drain"], { cwd });
    const { stdout } = await millrace(["jobs", "show", "default#1"], { cwd });
    expect(stdout).toMatch(/^result +"hello!"$/m);
  });

  it("tells of failed attempts, tries again while draining, and counts", async () => {
    const cwd = await folders.create({
      "handlers.mjs":
        'let n = 0;\nexport default { flaky: () => { n += 1; if (n < 3) throw new Error("not\\nyet"); return n; } };',
    });
    await millrace(["enqueue", "flaky", "--backoff", "fixed:20ms"], { cwd });
    const run = await millrace(["work", "--handlers", "handlers.mjs", "--drain", "--json"], { cwd });
    expect(JSON.parse(run.stdout)).toEqual({ completed: 1, failed: 2, snoozed: 0, cancelled: 0, stopped: 0 });
    expect(run.stderr).toContain("failed default#1 flaky, try 1 of 3: Error: not\\nyet\n");
    expect(run.stderr).toContain("failed default#1 flaky, try 2 of 3: Error: not\\nyet\n");
  });

  it("serves only its queues, and only jobs whose labels it has", async () => {
    const cwd = await folders.create({ "handlers.mjs": "export default { k: () => 1 };" });
    const mill = await open(cwd);
    await mill.enqueue("k", null, { queue: "a" });
    await mill.enqueue("k", null, { queue: "b", requires: ["gpu"] });
    await mill.enqueue("k", null, { queue: "c" });
    await mill.enqueue("k", null, { queue: "a", requires: ["tape"] });
    const args = ["--queues", "a=2,b=1", "--labels", "gpu,threads=4", "--concurrency", "3"];
    const run = await millrace(["work", "--handlers", "handlers.mjs", ...args, "--drain"], { cwd });
    expect(run.stdout).toBe("Completed 2.\n");
    const { jobs } = await mill.list({ state: "queued" });
    expect(jobs.map(({ queue, number }) => `${queue}#${number}`)).toEqual(["a#2", "c#1"]);
    await mill.close();
  });

  it("shows itself among the workers, under its process", async () => {
    const cwd = await folders.create({ "handlers.mjs": "export default { k: () => 1 };" });
    const worker = startMillrace(["work", "--handlers", "handlers.mjs", "--queues", "a,b", "--labels", "gpu"], { cwd });
    await worker.printed("Working on");
    const { stdout } = await millrace(["workers", "list", "--json"], { cwd });
    expect(JSON.parse(stdout)).toMatchObject([
      { pid: worker.child.pid, queues: ["a", "b"], labels: ["gpu"], concurrency: 10 },
    ]);
    expect((await millrace(["workers", "list"], { cwd })).stdout).toMatch(/^WORKER .*\n\S+ .* 0\/10 +a,b +gpu /);
    worker.child.kill("SIGTERM");
    await worker.ended;
    expect((await millrace(["workers", "list"], { cwd })).stdout).toBe("No workers.\n");
  });
});

describe.concurrent("a running job", () => {
  it("is told when it is cancelled, and ends as cancelled", async () => {
    const cwd = await folders.create({
      "handlers.mjs": `export default { endless: async (job, ctx) => {
  console.log("it has begun");
  await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
  ctx.checkCancelled();
} };`,
    });
    const waiting = startMillrace(["enqueue", "endless", "--wait"], { cwd });
    await waiting.printed("default#1 queued");
    const worker = startMillrace(["work", "--handlers", "handlers.mjs"], { cwd });
    await worker.printed("it has begun");
    const cancel = await millrace(["jobs", "cancel", "default#1", "--reason", "too long"], { cwd });
    expect(cancel.stdout).toMatch(/ default#1 running\nIt runs; its worker has been told to stop\.\n$/);
    expect(await waiting.ended).toMatchObject({
      exitCode: 1,
      stdout: matching(/ default#1 cancelled\n.*too long\n$/s),
    });
    worker.child.kill("SIGTERM");
    expect(await worker.ended).toMatchObject({ exitCode: 0, stdout: "it has begun\nCompleted 0, 1 stopped.\n" });
  });
});

const SLOW = `import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
export default { slow: async (job, ctx) => {
  console.log("it has begun");
  while (!existsSync("go")) await sleep(10);
  return "done";
} };`;

describe.concurrent("a worker that is told to stop", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("finishes what runs on %s and ends with 0", async (signal) => {
    const cwd = await folders.create({ "handlers.mjs": SLOW });
    await millrace(["enqueue", "slow"], { cwd });
    const worker = startMillrace(["work", "--handlers", "handlers.mjs"], { cwd });
    await worker.printed("it has begun");
    worker.child.kill(signal);
    await worker.printed(`${signal}: finishing what runs`);
    await writeFile(join(cwd, "go"), "");
    expect(await worker.ended).toMatchObject({ exitCode: 0, stdout: "it has begun\nCompleted 1.\n" });
  });

  it("ends at once on the second signal", async () => {
    const cwd = await folders.create({ "handlers.mjs": SLOW });
    await millrace(["enqueue", "slow"], { cwd });
    const worker = startMillrace(["work", "--handlers", "handlers.mjs"], { cwd });
    await worker.printed("it has begun");
    worker.child.kill("SIGTERM");
    await worker.printed("SIGTERM: finishing what runs");
    worker.child.kill("SIGTERM");
    expect((await worker.ended).exitCode).toBe(143);
  });

  it("stops in order when nobody reads what it prints", async () => {
    const cwd = await folders.create({
      "handlers.mjs": 'export default { k: () => { process.stdout.write("x".repeat(200_000)); return 1; } };',
    });
    const worker = startMillrace(["work", "--handlers", "handlers.mjs"], { cwd });
    await worker.printed("Working on");
    worker.child.stdout?.destroy();
    await millrace(["enqueue", "k"], { cwd });
    const { exitCode, stderr } = await worker.ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "Working on k. Ctrl-C stops.\n" });
    const { stdout } = await millrace(["jobs", "show", "default#1"], { cwd });
    expect(stdout).toMatch(/^state +completed$/m);
  });
});
