import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openMillrace, type Millrace } from "millrace";
import { describe, expect, it } from "vitest";
import { until } from "../runtime/until.ts";
import { matching } from "./expected-text.ts";
import { expectRefusal } from "./expect-refusal.ts";
import { atTheEnd, KEY, keyFor, serve, type Serving } from "./serving.ts";
import { millrace, quietEnvironment, startMillrace, type Run } from "./spawn-millrace.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();
const ADD =
  "export default { add: async (job, ctx) => { ctx.log(`adding to ${job.payload}`); return job.payload + 1; } };";
/** Writes a line for each attempt, and takes its time. */
const SLOW =
  'import { appendFile } from "node:fs/promises";\n' +
  "export default { slow: async (job) => {\n" +
  "  await appendFile(`${import.meta.dirname}/ran.txt`, `${job.id}\\n`);\n" +
  "  await new Promise((resolve) => setTimeout(resolve, 1500));\n" +
  "} };";

interface Remote extends Serving {
  readonly cwd: string;
  readonly run: (...args: readonly string[]) => Promise<Run>;
}

/** A server, and a folder elsewhere from which commands are typed. */
async function aRemote(files: Readonly<Record<string, string>> = {}): Promise<Remote> {
  const serving = await serve(await folders.create());
  const cwd = await folders.create(files);
  return { ...serving, cwd, run: async (...args) => millrace(args, { cwd, env: serving.env }) };
}

async function clientOf({ url }: Serving): Promise<Millrace> {
  const mill = await openMillrace(url, { key: KEY });
  atTheEnd(() => mill.close());
  return mill;
}

describe.concurrent("the command line with a server", () => {
  it("enqueues, waits, works, shows and tells logs", async () => {
    const { run, cwd, env } = await aRemote({ "handlers.mjs": ADD });
    const waiting = startMillrace(["enqueue", "add", "1", "--wait"], { cwd, env });
    await waiting.printed("queued");
    expect((await run("jobs", "explain", "default#1")).stdout).toContain("No live worker serves the queue");
    const worked = await run("work", "--handlers", "handlers.mjs", "--drain");
    expect(worked).toMatchObject({ exitCode: 0, stdout: "Completed 1.\n", stderr: "Working on add. Ctrl-C stops.\n" });
    expect(await waiting.ended).toMatchObject({ exitCode: 0, stdout: matching(/default#1 completed\n2\n$/) });
    expect((await run("jobs", "show", "default#1")).stdout).toMatch(/^created .+ by api-key$/m);
    expect(await run("jobs", "logs", "default#1", "--follow")).toMatchObject({ exitCode: 0, stdout: "adding to 1\n" });
  });

  it("cancels and retries, and says what cannot be", async () => {
    const serving = await aRemote();
    const { run } = serving;
    const mill = await clientOf(serving);
    await mill.enqueue("add", 1);
    expect((await run("jobs", "cancel", "default#1", "--reason", "no")).stdout).toContain("default#1 cancelled");
    expect((await run("jobs", "retry", "default#1")).stdout).toContain("default#2 queued");
    expect((await run("jobs", "list", "--state", "cancelled", "--json")).stdout).toContain('"cancelReason":"no"');
    expect(await run("jobs", "retry", "default#2")).toMatchObject({ exitCode: 5, stdout: "" });
    expect(await run("jobs", "show", "default#9")).toMatchObject({ exitCode: 4, stdout: "" });
  });

  it("steers queues and schedules", async () => {
    const { run } = await aRemote();
    expect((await run("queues", "configure", "mail", "--max-attempts", "9")).exitCode).toBe(0);
    expect((await run("queues", "pause", "mail")).exitCode).toBe(0);
    expect((await run("queues", "list")).stdout).toMatch(/^mail +paused/m);
    expect((await run("schedules", "add", "nightly", "0 3 * * *", "add", "1")).stdout).toContain("nightly");
    expect((await run("schedules", "list")).stdout).toContain("0 3 * * *");
    expect((await run("schedules", "remove", "nightly")).exitCode).toBe(0);
  });

  it("lists workers", async () => {
    const { run, cwd, env } = await aRemote({ "handlers.mjs": ADD });
    const working = startMillrace(["work", "--handlers", "handlers.mjs", "--labels", "gpu"], { cwd, env });
    await working.printed("Ctrl-C stops.");
    expect((await run("workers", "list")).stdout).toMatch(new RegExp(` ${working.child.pid} +0/10 +all +gpu `));
    working.child.kill("SIGTERM");
    expect(await working.ended).toMatchObject({ exitCode: 0 });
    expect((await run("workers", "list")).stdout).toBe("No workers.\n");
  });

  it("takes the server and its key from the command line, and jobs' keys with them", async () => {
    const { url, cwd } = await aRemote();
    const typed = ["--server", url, "--key", KEY];
    expect(await millrace(["jobs", "list", ...typed], { cwd })).toMatchObject({ exitCode: 0, stdout: "No jobs.\n" });
    const env = { MILLRACE_KEY: KEY, MILLRACE_STORE: "sqlite:./elsewhere.db" };
    const enqueue = ["enqueue", "add", "1", "--key", "one", "--server", url];
    expect((await millrace(enqueue, { cwd, env })).stdout).toContain("default#1 queued");
    expect((await millrace([...enqueue.slice(0, 2), "2", ...enqueue.slice(3)], { cwd, env })).exitCode).toBe(5);
    // A store that is typed wins over a server in the environment.
    const local = await millrace(["jobs", "list", "--store", "sqlite:./none.db"], {
      cwd,
      env: { MILLRACE_SERVER: url },
    });
    expect(local).toMatchObject({ exitCode: 7 });
  });

  it("is held to what the key may do", async () => {
    const { run, cwd, url } = await aRemote({ "handlers.mjs": ADD });
    await run("enqueue", "add", "1");
    const env = { MILLRACE_SERVER: url, MILLRACE_KEY: await keyFor("viewer") };
    expect((await millrace(["jobs", "list"], { cwd, env })).stdout).toContain("default#1");
    for (const args of [
      ["enqueue", "add", "1"],
      ["jobs", "cancel", "default#1"],
      ["queues", "pause", "default"],
      ["work", "--handlers", "handlers.mjs", "--drain"],
    ]) {
      expectRefusal(await millrace(args, { cwd, env }), { exitCode: 6, says: ["the role viewer may not"] });
    }
    const wrong = { MILLRACE_SERVER: url, MILLRACE_KEY: "wrong" };
    expectRefusal(await millrace(["jobs", "list"], { cwd, env: wrong }), {
      exitCode: 6,
      says: ["the key is not known"],
    });
  });

  it("says so where the data itself is needed", async () => {
    const env = { MILLRACE_SERVER: "http://127.0.0.1:9", MILLRACE_KEY: KEY };
    const cwd = await folders.create();
    for (const args of [
      ["migrate"],
      ["doctor"],
      ["prune"],
      ["verify", "--data"],
      ["export"],
      ["serve", "--dev"],
      ["numbers", "adopt", "a", "1"],
    ]) {
      const says = ["Error: MILLRACE_SERVER names a server, and this command works on the store itself"];
      expectRefusal(await millrace(args, { cwd, env }), { exitCode: 2, says });
    }
    const typed = ["--server", "http://127.0.0.1:9"];
    expectRefusal(await millrace(["bench", ...typed], { cwd }), { exitCode: 2, says: ["works on the store itself"] });
    const move = ["move", "--from", "sqlite:a.db", "--to", "sqlite:b.db", ...typed];
    expectRefusal(await millrace(move, { cwd }), { exitCode: 2, says: ["and no --server"] });
    const by = ["jobs", "cancel", "default#1", "--by", "ada"];
    expectRefusal(await millrace(by, { cwd, env }), {
      exitCode: 2,
      says: ["--by: a server writes down whose key it is"],
    });
  });

  it("gives up soon when there is no server", async () => {
    const env = { MILLRACE_SERVER: "http://127.0.0.1:9", MILLRACE_KEY: KEY };
    const run = await millrace(["jobs", "list"], { cwd: await folders.create(), env });
    expectRefusal(run, { exitCode: 7, says: ["the server at http://127.0.0.1:9 cannot be reached"] });
  });
});

describe.concurrent("a worker on a server", () => {
  it("that is killed loses its job to another", async () => {
    const { url, cwd, env, run } = await aRemote({ "handlers.mjs": ADD });
    const program = fileURLToPath(new URL("remote-worker-program.ts", import.meta.url));
    const doomed = spawn(process.execPath, ["--conditions=millrace-source", program, url, KEY], {
      env: quietEnvironment(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    atTheEnd(() => doomed.kill("SIGKILL"));
    await run("enqueue", "add", "1");
    let said = "";
    doomed.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    await until("it has begun", () => said.includes("began"), 20_000);
    doomed.kill("SIGKILL");
    const working = startMillrace(["work", "--handlers", "handlers.mjs"], { cwd, env });
    const mill = await clientOf({ url } as Serving);
    const job = await mill.find({ scope: "default", number: 1 });
    expect(await mill.wait(job?.id ?? "", { timeoutMs: 20_000 })).toMatchObject({ state: "completed", attempt: 2 });
    expect(await mill.attempts(job?.id ?? "")).toMatchObject([{ attempt: 1, ending: "lost" }]);
    working.child.kill("SIGTERM");
    await working.ended;
  });

  it.each(["SIGTERM", "SIGKILL"] as const)(
    "goes on after its server was ended by %s, with each job once",
    async (signal) => {
      const data = await folders.create();
      const first = await serve(data);
      const cwd = await folders.create({ "handlers.mjs": SLOW });
      const working = startMillrace(["work", "--handlers", "handlers.mjs", "--concurrency", "4"], {
        cwd,
        env: first.env,
      });
      const mill = await clientOf(first);
      const jobs = await mill.enqueueMany(Array.from({ length: 8 }, () => ({ kind: "slow" })));
      const ran = async (): Promise<readonly string[]> =>
        (await readFile(join(cwd, "ran.txt"), "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
      await until("four of them run", async () => (await ran()).length === 4, 20_000);
      first.child.kill(signal);
      await first.ended;
      await serve(data, Number(new URL(first.url).port));
      for (const { id } of jobs) {
        expect(await mill.wait(id, { timeoutMs: 30_000 })).toMatchObject({ state: "completed", attempt: 1 });
      }
      expect((await ran()).toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
      working.child.kill("SIGTERM");
      expect(await working.ended).toMatchObject({ exitCode: 0 });
    },
  );
});
