import { existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeAll, describe, expect, it } from "vitest";
import { matching } from "./expected-text.ts";
import { millrace } from "./spawn-millrace.ts";
import { makeBrokenStore, makeStore } from "./store-files.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();
let good = "";

beforeAll(async () => {
  good = join(await folders.create(), "good.db");
  await makeStore(good);
});

async function folderWithStore(): Promise<string> {
  const cwd = await folders.create();
  await copyFile(good, join(cwd, "millrace.db"));
  return cwd;
}

describe.concurrent("migrate", () => {
  it("says what it would do, does it, and has nothing left to do", async () => {
    const cwd = await folders.create();
    const plan = await millrace(["migrate", "--plan"], { cwd });
    expect(plan.stdout).toMatch(/^-- 1 \w+\nCREATE TABLE /);
    expect(existsSync(join(cwd, "millrace.db"))).toBe(false);
    const planJson = JSON.parse((await millrace(["migrate", "--plan", "--json"], { cwd })).stdout) as unknown[];
    const done = await millrace(["migrate"], { cwd });
    expect(done).toMatchObject({ exitCode: 0, stdout: matching(/^(?:Applied \d+ .+\.\n)+$/), stderr: "" });
    expect(done.stdout.trimEnd().split("\n")).toHaveLength(planJson.length);
    expect((await millrace(["migrate"], { cwd })).stdout).toBe("Nothing to do: the store is up to date.\n");
    expect(JSON.parse((await millrace(["migrate", "--json"], { cwd })).stdout)).toEqual({ applied: [] });
    expect(JSON.parse((await millrace(["migrate", "--plan", "--json"], { cwd })).stdout)).toEqual([]);
  });
});

describe.concurrent("doctor", () => {
  it("finds a store in order, and warns of jobs that nobody works on", async () => {
    const cwd = await folderWithStore();
    const run = await millrace(["doctor"], { cwd });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toMatch(/^ok +integrity +/m);
    expect(run.stdout).toMatch(/^warning +workers +2 jobs wait in "mail"/m);
    const found = JSON.parse((await millrace(["doctor", "--json"], { cwd })).stdout) as unknown[];
    expect(found).toContainEqual({ check: "integrity", level: "ok", message: "the file is sound" });
  });

  it("ends with 1 when it finds a problem", async () => {
    const cwd = await folderWithStore();
    const db = new Database(join(cwd, "millrace.db"));
    db.pragma("ignore_check_constraints = ON");
    db.exec("UPDATE millrace_queue SET last_lane = -1");
    db.close();
    const run = await millrace(["doctor"], { cwd });
    expect(run).toMatchObject({ exitCode: 1, stderr: "" });
    expect(run.stdout).toMatch(/^problem +integrity +the file is damaged: .*millrace_queue/m);
  });
});

describe.concurrent("prune", () => {
  it("deletes what is past its retention, and nothing else", async () => {
    const cwd = await folderWithStore();
    expect((await millrace(["prune"], { cwd })).stdout).toBe("Deleted 0 jobs.\n");
    await millrace(["queues", "configure", "mail", "--keep-completed", "0s"], { cwd });
    expect((await millrace(["prune"], { cwd })).stdout).toBe("Deleted 1 job.\n");
    expect(JSON.parse((await millrace(["prune", "--json"], { cwd })).stdout)).toEqual({ deleted: 0 });
    const { stdout } = await millrace(["jobs", "list"], { cwd });
    expect([...stdout.matchAll(/mail#\d/g)].map(([name]) => name)).toEqual(["mail#3", "mail#2"]);
    expect((await millrace(["verify", "--data"], { cwd })).exitCode).toBe(0);
  });
});

describe.concurrent("verify --data", () => {
  it("finds nothing in a good store", async () => {
    const cwd = await folderWithStore();
    const run = await millrace(["verify", "--data"], { cwd });
    expect(run).toMatchObject({ exitCode: 0, stdout: "3 jobs, no guarantee is broken.\n", stderr: "" });
    const report = JSON.parse((await millrace(["verify", "--data", "--json"], { cwd })).stdout) as unknown;
    const parts = ["jobs", "counters", "lanes", "numbers", "attempts", "logs"];
    expect(report).toEqual({
      verdict: "sound",
      jobs: 3,
      violations: [],
      parts: parts.map((part) => ({ part, isComplete: true })),
    });
  });

  it("ends with 70 for a broken one, and names the rows", async () => {
    const cwd = await folders.create();
    await makeBrokenStore(good, join(cwd, "millrace.db"));
    const run = await millrace(["verify", "--data"], { cwd });
    expect(run).toMatchObject({ exitCode: 70, stderr: "" });
    expect(run.stdout).toMatch(/^G3: jobs whose .+ \(1\)\n {2}job_[0-9a-z]{26}\n3 jobs, 1 violation\.\n$/);
    const json = await millrace(["verify", "--data", "--json"], { cwd });
    expect(json.exitCode).toBe(70);
    expect(JSON.parse(json.stdout)).toMatchObject({ jobs: 3, violations: [{ guarantee: "G3" }] });
  });
});

describe("bench", () => {
  it("measures on a file of its own, and leaves nothing behind", async () => {
    const cwd = await folders.create();
    const run = await millrace(["bench", "--jobs", "200"], { cwd, env: { MILLRACE_STORE: "sqlite:mine.db" } });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toMatch(/^WHAT +JOBS +SECONDS +JOBS\/S\nenqueue, one at a time +20 .+\n/);
    expect(run.stdout).toMatch(/^run, 100 at once +200 /m);
    expect(run.stdout).toContain("From enqueue to the handler, one at a time: median ");
    expect(existsSync(join(cwd, "mine.db"))).toBe(false);
  });

  it("warns on a store with jobs, works in a queue of its own, and deletes its jobs", async () => {
    const cwd = await folderWithStore();
    const run = await millrace(["bench", "--jobs", "100", "--store", "sqlite:millrace.db", "--json"], { cwd });
    expect(run.stderr).toContain("Warning: this store has 3 jobs");
    const report = JSON.parse(run.stdout) as { measurements: { jobs: number }[] };
    expect(report).toMatchObject({ latency: { samples: 200 } });
    const total = report.measurements.slice(0, -1).reduce((sum, { jobs }) => sum + jobs, 0);
    expect([total, report.measurements.at(-1)?.jobs]).toEqual([100, 100]);
    const { stdout } = await millrace(["jobs", "list", "--json"], { cwd });
    expect((JSON.parse(stdout) as { jobs: unknown[] }).jobs).toHaveLength(3);
    expect((await millrace(["verify", "--data"], { cwd })).exitCode).toBe(0);
  });
});
