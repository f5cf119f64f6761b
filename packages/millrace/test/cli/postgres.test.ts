import { openMillrace, type Job, type Queue, type Schedule } from "millrace";
import { describe, expect, it, type TestContext } from "vitest";
import { adminQuery, missingPostgres, newSchema } from "../postgres/test-database.ts";
import { matching } from "./expected-text.ts";
import { millrace, startMillrace, type Run, type Running } from "./spawn-millrace.ts";
import { fillStore } from "./store-files.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();

interface Bench {
  readonly url: string;
  readonly schema: string;
  /** Run `millrace` on the store of the test, whose address comes from the environment. */
  readonly run: (...args: readonly string[]) => Promise<Run>;
  readonly start: (...args: readonly string[]) => Running;
}

/** A schema of the test's own with nothing in it, and a folder with handlers. */
async function empty({ task, onTestFinished }: TestContext): Promise<Bench> {
  const schema = newSchema();
  onTestFinished(() => schema.end(task.result?.state === "fail"));
  const cwd = await folders.create({
    "handlers.mjs": `export default {
      add: (job) => job.payload + 1,
      endless: async (job, ctx) => {
        console.log("it has begun");
        await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
        ctx.checkCancelled();
      },
    };`,
  });
  const options = { cwd, env: { MILLRACE_STORE: schema.url } };
  return {
    url: schema.url,
    schema: schema.name,
    run: (...args) => millrace(args, options),
    start: (...args) => startMillrace(args, options),
  };
}

/** With mail#1 completed, mail#2 queued with a key, mail#3 queued with a tag and a group. */
async function filled(context: TestContext): Promise<Bench> {
  const bench = await empty(context);
  await fillStore(bench.url);
  return bench;
}

function jsonOf<T>({ stdout, exitCode, stderr }: Run): T {
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout) as T;
}

const options = { concurrent: true, skip: missingPostgres() !== undefined };

describe("the command line on PostgreSQL", options, () => {
  it("says what a migration would do, does it, and has nothing left to do", async (context) => {
    const { run, schema } = await empty(context);
    const isThere = (): Promise<unknown> =>
      adminQuery("SELECT count(*)::int AS count FROM pg_namespace WHERE nspname = $1", [schema]);
    const plan = await run("migrate", "--plan");
    expect(plan).toMatchObject({ exitCode: 0, stdout: matching(/^-- 1 \w+\n(?:.*\n)*CREATE TABLE /), stderr: "" });
    expect(await isThere()).toEqual([{ count: 0 }]);
    const looking = await run("jobs", "list");
    expect(looking.exitCode).toBe(7);
    expect(await isThere()).toEqual([{ count: 0 }]);
    expect(await run("migrate")).toMatchObject({ exitCode: 0, stdout: matching(/^(?:Applied \d+ .+\.\n)+$/) });
    expect((await run("migrate")).stdout).toBe("Nothing to do: the store is up to date.\n");
    expect(jsonOf(await run("migrate", "--plan", "--json"))).toEqual([]);
  });

  it("enqueues into a schema that is not there yet, and works until all is done", async (context) => {
    const { run, url } = await empty(context);
    expect(await run("enqueue", "add", "41")).toMatchObject({
      exitCode: 0,
      stdout: matching(/^job_\w+ default#1 queued\n$/),
    });
    expect((await run("enqueue", "add", "1", "--in", "1h")).stdout).toMatch(/ default#2 scheduled\n$/);
    const worked = await run("work", "--handlers", "handlers.mjs", "--drain", "--store", url);
    expect(worked).toMatchObject({ exitCode: 0, stdout: "Completed 1.\n" });
    expect((await run("jobs", "show", "default#1")).stdout).toMatch(/^result +42$/m);
  });

  it("lists jobs, filtered and page by page", async (context) => {
    const { run } = await filled(context);
    const names = (output: string): string[] => [...output.matchAll(/mail#\d/g)].map(([name]) => name);
    const first = await run("jobs", "list", "--limit", "2");
    expect(names(first.stdout)).toEqual(["mail#3", "mail#2"]);
    const cursor = /--cursor (\S+)/.exec(first.stderr)?.[1] ?? "";
    expect(names((await run("jobs", "list", "--cursor", cursor)).stdout)).toEqual(["mail#1"]);
    expect(names((await run("jobs", "list", "--state", "completed")).stdout)).toEqual(["mail#1"]);
    expect(names((await run("jobs", "list", "--tag", "customer=7")).stdout)).toEqual(["mail#3"]);
    expect(names((await run("jobs", "list", "--search", "k1")).stdout)).toEqual(["mail#2"]);
    expect((await run("jobs", "logs", "mail#1")).stdout).toBe("connecting\nsent\n");
  });

  it("explains, cancels and retries a job", async (context) => {
    const { run } = await filled(context);
    const { id } = jsonOf<Job>(await run("jobs", "show", "mail#1", "--json"));
    expect((await run("jobs", "explain", "mail#3")).stdout).toContain('No live worker serves the queue "mail".');
    const cancelled = jsonOf<Job>(await run("jobs", "cancel", "mail#2", "--reason", "wrong", "--by", "ada", "--json"));
    expect(cancelled).toMatchObject({ state: "cancelled", cancelReason: "wrong", cancelledBy: "ada" });
    expect(jsonOf<Job>(await run("jobs", "retry", id, "--json"))).toMatchObject({ number: 4, retryOf: id });
    expect((await run("jobs", "cancel", id)).exitCode).toBe(5);
    expect((await run("jobs", "show", "mail#99")).exitCode).toBe(4);
  });

  it("pauses and configures queues, and adds and removes schedules", async (context) => {
    const { run } = await filled(context);
    await run("queues", "pause", "mail");
    await run("queues", "configure", "mail", "--max-attempts", "7", "--backoff", "fixed:5s");
    const [queue] = jsonOf<Queue[]>(await run("queues", "list", "--json"));
    const settings = { maxAttempts: 7, backoff: { type: "fixed", delayMs: 5_000 } };
    expect(queue).toMatchObject({ name: "mail", isPaused: true, counts: { queued: 2 }, settings });
    await run("schedules", "add", "nightly", "0 3 * * *", "report.build", "--time-zone", "Europe/Berlin");
    const [schedule] = jsonOf<Schedule[]>(await run("schedules", "list", "--json"));
    expect(schedule).toMatchObject({ name: "nightly", timeZone: "Europe/Berlin", lastAt: null });
    expect((await run("schedules", "remove", "nightly")).exitCode).toBe(0);
    expect((await run("schedules", "remove", "nightly")).exitCode).toBe(4);
  });

  it("finds nothing wrong with a good store, and deletes what is past its retention", async (context) => {
    const { run } = await filled(context);
    const found = jsonOf<{ check: string; level: string }[]>(await run("doctor", "--json"));
    expect(found.length).toBeGreaterThan(1);
    expect(found.filter(({ level }) => level === "problem")).toEqual([]);
    expect(jsonOf(await run("verify", "--data", "--json"))).toMatchObject({
      verdict: "sound",
      jobs: 3,
      violations: [],
    });
    await run("queues", "configure", "mail", "--keep-completed", "0s");
    expect((await run("prune")).stdout).toBe("Deleted 1 job.\n");
    expect(jsonOf(await run("verify", "--data", "--json"))).toMatchObject({
      verdict: "sound",
      jobs: 2,
      violations: [],
    });
  });

  it("ends with 70 when the data breaks a guarantee, and names the rows", async (context) => {
    const { run, schema } = await filled(context);
    await adminQuery(`DELETE FROM ${schema}.ready WHERE job = (SELECT min(job) FROM ${schema}.ready)`);
    const verdict = await run("verify", "--data");
    expect(verdict).toMatchObject({ exitCode: 70, stderr: "" });
    expect(verdict.stdout).toMatch(
      /^G3: jobs whose ticket is gone \(1\)\n {2}job_[0-9a-z]{26}\n3 jobs, 1 violation\.\n$/,
    );
  });

  it("wakes and cancels across processes", async (context) => {
    const { run, start } = await empty(context);
    const waiting = start("enqueue", "endless", "--wait");
    await waiting.printed("default#1 queued");
    const worker = start("work", "--handlers", "handlers.mjs");
    await worker.printed("it has begun");
    expect(jsonOf(await run("workers", "list", "--json"))).toMatchObject([{ pid: worker.child.pid, concurrency: 10 }]);
    await run("jobs", "cancel", "default#1", "--reason", "too long");
    expect(await waiting.ended).toMatchObject({
      exitCode: 1,
      stdout: matching(/ default#1 cancelled\n.*too long\n$/s),
    });
    worker.child.kill("SIGTERM");
    expect(await worker.ended).toMatchObject({ exitCode: 0, stdout: "it has begun\nCompleted 0, 1 stopped.\n" });
    expect((await run("workers", "list")).stdout).toBe("No workers.\n");
  });

  it("measures, and leaves nothing behind", async (context) => {
    const { run, url } = await filled(context);
    const { exitCode, stdout } = await run("bench", "--jobs", "100", "--store", url, "--json");
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { latency: { samples: 200 } }]);
    const mill = await openMillrace(url);
    expect((await mill.list()).jobs).toHaveLength(3);
    await mill.close();
  });

  it("says that no server answers, without the password", async () => {
    const cwd = await folders.create();
    const args = ["jobs", "list", "--store", "postgres://ada:sesame@127.0.0.1:1/queue"];
    const { exitCode, stderr, ms } = await millrace(args, { cwd });
    expect(exitCode).toBe(7);
    expect(stderr).toContain("127.0.0.1");
    expect(stderr).not.toContain("sesame");
    expect(ms).toBeLessThan(20_000);
  });
});
