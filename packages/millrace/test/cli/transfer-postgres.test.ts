import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openMillrace } from "millrace";
import { describe, expect, it, type TestContext } from "vitest";
import { adminQuery, missingPostgres, newSchema } from "../postgres/test-database.ts";
import { until } from "../runtime/until.ts";
import { matching } from "./expected-text.ts";
import { millrace, startMillrace } from "./spawn-millrace.ts";
import { stallImport } from "./stalled-import.ts";
import { fillStore } from "./store-files.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();

interface Bench {
  readonly cwd: string;
  readonly url: string;
  readonly schema: string;
}

/** A schema of the test's own, with nothing in it, and a store with a few jobs in a file, millrace.db. */
async function bench({ task, onTestFinished }: TestContext): Promise<Bench> {
  const schema = newSchema();
  onTestFinished(() => schema.end(task.result?.state === "fail"));
  const cwd = await folders.create();
  await fillStore(`sqlite:${join(cwd, "millrace.db")}`);
  return { cwd, url: schema.url, schema: schema.name };
}

/** The lines but the first, which says when. */
async function recordsOf(store: string, cwd: string): Promise<readonly string[]> {
  const { exitCode, stderr } = await millrace(["export", "x.jsonl", "--overwrite", "--store", store], { cwd });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return (await readFile(join(cwd, "x.jsonl"), "utf8")).split("\n").slice(1);
}

/** Each test runs the command line several times. */
const options = { concurrent: true, timeout: 150_000, skip: missingPostgres() !== undefined };

describe("carrying data to PostgreSQL and back", options, () => {
  it("brings everything back as it was", async (context) => {
    const { cwd, url } = await bench(context);
    const mill = await openMillrace(`sqlite:${join(cwd, "millrace.db")}`);
    await mill.enqueue("mail.send", "Ж🐙\u0000\u2028".repeat(50_000), { queue: "mail", delayMs: 3_600_000 });
    await mill.schedule("nightly", "0 2 * * *", "report", { of: "the day" });
    await mill.adoptNumbers("invoices", 41);
    await mill.close();
    const there = await millrace(["move", "--from", "sqlite:millrace.db", "--to", url], { cwd });
    expect(there).toMatchObject({ exitCode: 0, stderr: "" });
    expect(there.stdout).toContain("\nChecked: 4 jobs, 4 numbers, 2 counters,");
    const back = await millrace(["move", "--from", url, "--to", "sqlite:back.db", "--json"], { cwd });
    expect(JSON.parse(back.stdout)).toMatchObject({ counts: { job: 4, log: 2, schedule: 1 }, numbers: 4, lost: 0 });
    const records = await recordsOf("sqlite:millrace.db", cwd);
    expect(records.length).toBeGreaterThan(10);
    expect(await recordsOf(url, cwd)).toEqual(records);
    expect(await recordsOf("sqlite:back.db", cwd)).toEqual(records);
    expect((await millrace(["verify", "--data", "--store", url], { cwd })).exitCode).toBe(0);
  });

  it("keeps a text with the one character that PostgreSQL has not", async (context) => {
    const { cwd, url } = await bench(context);
    const mill = await openMillrace(`sqlite:${join(cwd, "millrace.db")}`);
    const worker = mill.worker({ queues: ["binary"] }).handle("say", (_, ctx) => ctx.log("a\u0000b"));
    await worker.start();
    const { id } = await mill.enqueue("say", null, { queue: "binary" });
    await mill.wait(id);
    await mill.close();
    const moved = await millrace(["move", "--from", "sqlite:millrace.db", "--to", url], { cwd });
    expect(moved).toMatchObject({ exitCode: 0, stderr: "" });
    const { stdout } = await millrace(["jobs", "logs", id, "--store", url], { cwd });
    expect(stdout).toBe("a\u{fffd}b\n");
  });

  it("takes one moment of a store into which others enqueue", async (context) => {
    const { cwd, url } = await bench(context);
    const mill = await openMillrace(url);
    const enqueued = new Set<string>();
    const more = async (count: number): Promise<void> => {
      const jobs = await mill.enqueueMany(Array.from({ length: count }, (_, i) => ({ kind: "k", payload: i })));
      for (const { id } of jobs) enqueued.add(id);
    };
    await more(3_000);
    const exporting = startMillrace(["export", "a.jsonl", "--json", "--store", url], { cwd });
    while (exporting.child.exitCode === null) await Promise.all([more(1), more(20), more(5)]);
    const { stdout, exitCode } = await exporting.ended;
    await mill.close();
    expect(exitCode).toBe(0);
    const { counts } = JSON.parse(stdout) as { readonly counts: { readonly job: number } };
    expect(counts.job).toBeGreaterThanOrEqual(3_000);
    expect(counts.job).toBeLessThan(enqueued.size);
    // A moment in which a counter and its jobs do not fit would break a guarantee.
    const imported = await millrace(["import", "a.jsonl", "--store", "sqlite:new.db"], { cwd });
    expect(imported).toMatchObject({ exitCode: 0, stderr: "", stdout: matching(/no guarantee is broken/) });
  });

  it("keeps nothing of an import that is killed, and nobody else in while it goes on", async (context) => {
    const { cwd, url, schema } = await bench(context);
    await recordsOf("sqlite:millrace.db", cwd);
    const file = join(cwd, "x.jsonl");
    await millrace(["migrate", "--store", url], { cwd });
    const stalled = await stallImport(file, url, cwd);
    await until("the import holds the store", async () => isHeld(schema), 30_000);
    const [second, list] = await Promise.all([
      millrace(["import", "x.jsonl", "--store", url], { cwd }),
      millrace(["jobs", "list", "--store", url], { cwd }),
    ]);
    expect(second).toMatchObject({ exitCode: 7, stdout: "", stderr: matching(/locked by somebody else/) });
    expect(list).toMatchObject({ exitCode: 0, stdout: "No jobs.\n" });
    await stalled.end("SIGKILL");
    const again = await millrace(["import", "x.jsonl", "--store", url], { cwd });
    expect(again).toMatchObject({ exitCode: 0, stderr: "" });
    const used = await millrace(["import", "x.jsonl", "--store", url], { cwd });
    expect(used).toMatchObject({ exitCode: 5, stderr: matching(/it holds 3 jobs, 1 queue, 1 counter/) });
  });

  it("names the line that does not fit", async (context) => {
    const { cwd, url } = await bench(context);
    await recordsOf("sqlite:millrace.db", cwd);
    const text = await readFile(join(cwd, "x.jsonl"), "utf8");
    const wrong = text.replace('"priority":0', '"priority":5000000000');
    const { exitCode, stderr } = await millrace(["import", "-", "--store", url], { cwd, input: wrong });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /^Error: line 4 of standard input: the job job_\w+ cannot be kept: the store's rules refuse it/,
    );
  });
});

async function isHeld(schema: string): Promise<boolean> {
  const held = await adminQuery(
    "SELECT 1 FROM pg_locks WHERE relation = to_regclass($1) AND mode = 'ShareRowExclusiveLock' AND granted",
    [`${schema}.job`],
  );
  return held.length > 0;
}
