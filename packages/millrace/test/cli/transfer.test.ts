import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import Database from "better-sqlite3";
import { openMillrace } from "millrace";
import { beforeAll, describe, expect, it } from "vitest";
import { openSqlite } from "../../src/stores/sqlite/index.ts";
import { enqueueOne } from "../../src/testing/factory.ts";
import { anApiKey, aWebhook, digestOf, keepArtifact } from "../../src/testing/server-factory.ts";
import { until } from "../runtime/until.ts";
import { matching } from "./expected-text.ts";
import { BIN, millrace, NODE_OPTIONS, quietEnvironment, type Run } from "./spawn-millrace.ts";
import { stallImport } from "./stalled-import.ts";
import { makeStore } from "./store-files.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();
const BIG = "Ж🐙\u0000\u2028".repeat(50_000);
const counts = {
  queue: 1,
  counter: 2,
  schedule: 1,
  apiKey: 0,
  webhook: 0,
  job: 4,
  attempt: 0,
  log: 2,
  artifact: 0,
  lateReport: 0,
};

/** What `makeStore` makes, a large payload, a schedule, and a counter without a job. */
let good = "";

beforeAll(async () => {
  good = join(await folders.create(), "good.db");
  await makeStore(good);
  const mill = await openMillrace(`sqlite:${good}`);
  await mill.enqueue("mail.send", BIG, { queue: "mail", delayMs: 3_600_000 });
  await mill.adoptNumbers("invoices", 41);
  await mill.schedule("nightly", "0 2 * * *", "report", { of: "the day" });
  await mill.close();
});

async function folderWithStore(): Promise<string> {
  const cwd = await folders.create();
  await copyFile(good, join(cwd, "millrace.db"));
  return cwd;
}

/** The lines but the first, which says when. */
async function recordsIn(file: string): Promise<readonly string[]> {
  return (await readFile(file, "utf8")).split("\n").slice(1);
}

/** Each test runs the command line several times. */
const options = { concurrent: true, timeout: 150_000 };

describe("export and import", options, () => {
  it("carry everything, and an export of the copy is that of the original", async () => {
    const cwd = await folderWithStore();
    const exported = await millrace(["export", "a.jsonl"], { cwd });
    expect(exported).toMatchObject({
      exitCode: 0,
      stdout: "Exported 1 queue, 2 counters, 1 schedule, 4 jobs and 2 log lines to a.jsonl.\n",
      stderr: "",
    });
    const imported = await millrace(["import", "a.jsonl", "--store", "sqlite:new.db"], { cwd });
    expect(imported).toMatchObject({ exitCode: 0, stderr: "" });
    expect(imported.stdout).toBe(
      "Imported 1 queue, 2 counters, 1 schedule, 4 jobs and 2 log lines.\n" +
        "Checked: 4 jobs, 4 numbers, 2 counters, 0 earlier attempts and 2 log lines read back as they came; no guarantee is broken.\n",
    );
    await millrace(["export", "b.jsonl", "--store", "sqlite:new.db"], { cwd });
    expect(await recordsIn(join(cwd, "b.jsonl"))).toEqual(await recordsIn(join(cwd, "a.jsonl")));

    const mill = await openMillrace(`sqlite:${join(cwd, "new.db")}`);
    const next = await mill.enqueue("mail.send", null, { queue: "mail" });
    const big = await mill.find({ scope: "mail", number: 4 });
    const invoice = await mill.number("invoices");
    await mill.close();
    expect([next.number, invoice, big?.state]).toEqual([5, 42, "scheduled"]);
    expect(big?.payload).toBe(BIG);
  });

  it("carry what a server keeps, and name it", async () => {
    const cwd = await folders.create();
    const store = await openSqlite({ file: join(cwd, "millrace.db") });
    const key = await store.addApiKey(anApiKey("a"));
    await store.addWebhook(aWebhook("a"));
    const { id } = await enqueueOne(store, { companion: { sealed: "secret", trace: null } });
    const { place } = await keepArtifact(store, id, "out.txt");
    await store.close();
    const kept = "1 API key, 1 webhook, 1 job and 1 artifact";
    expect((await millrace(["export", "a.jsonl"], { cwd })).stdout).toBe(
      `Exported 1 queue, 1 counter, ${kept} to a.jsonl.\n`,
    );
    const imported = await millrace(["import", "a.jsonl", "--store", "sqlite:new.db"], { cwd });
    expect(imported.stdout).toBe(
      `Imported 1 queue, 1 counter, ${kept}.\n` +
        "Checked: 1 job, 1 number, 1 counter, 0 earlier attempts, 0 log lines, 1 API key, 1 webhook and 1 artifact read back as they came; no guarantee is broken.\n",
    );
    const copy = await openSqlite({ file: join(cwd, "new.db") });
    const opened = await copy.openApiKeys([digestOf("a")]);
    const artifacts = await copy.artifacts(id);
    await copy.close();
    expect(opened).toEqual([key]);
    expect(artifacts.map((artifact) => artifact.place)).toEqual([place]);
  });

  it("take an export of the version before", async () => {
    const cwd = await folders.create();
    const counts = { queue: 1, counter: 1, schedule: 0, job: 1, attempt: 0, log: 0 };
    const facts = { org: "default", queue: "mail", scope: "mail", number: 1, kind: "mail.send", priority: 0 };
    const limits = { maxAttempts: 3, runAt: 1_000, createdAt: 1_000, tags: {}, requires: [], payload: null };
    const ticket = { place: "ready", attempt: 0, token: 0, runAt: 1_000 };
    const records = [
      { type: "queue", org: "default", name: "mail", settings: {} },
      { type: "counter", org: "default", scope: "mail", last: 1, hasHoles: false },
      { type: "job", id: "job_01jd0000000000000000000000", ...facts, ...limits, ticket },
    ].map((record) => JSON.stringify(record));
    const digests = Object.fromEntries(
      Object.keys(counts).map((type) => {
        const lines = records.filter((line) => line.startsWith(`{"type":"${type}"`)).map((line) => `${line}\n`);
        return [type, createHash("sha256").update(lines.join("")).digest("hex")];
      }),
    );
    const header = { millrace: "export", version: 1, at: 2_000, counts };
    const lines = [JSON.stringify(header), ...records, JSON.stringify({ type: "end", counts, digests })];
    await writeFile(join(cwd, "a.jsonl"), lines.join("\n"));
    const imported = await millrace(["import", "a.jsonl", "--store", "sqlite:new.db"], { cwd });
    expect(imported).toMatchObject({ exitCode: 0, stdout: matching(/^Imported 1 queue, 1 counter and 1 job\.\n/) });
  });

  it("tell what they did in JSON, on standard error where standard output has the data", async () => {
    const cwd = await folderWithStore();
    const exported = await millrace(["export", "a.jsonl", "--json"], { cwd });
    expect(JSON.parse(exported.stdout)).toEqual({ file: "a.jsonl", counts, numbers: 4, lost: 0 });
    const piped = await millrace(["export", "--json"], { cwd });
    expect(JSON.parse(piped.stderr)).toEqual({ file: null, counts, numbers: 4, lost: 0 });
    expect(piped.stdout.split("\n").slice(1)).toEqual(await recordsIn(join(cwd, "a.jsonl")));
    const imported = await millrace(["import", "--json", "--store", "sqlite:new.db"], { cwd, input: piped.stdout });
    expect(JSON.parse(imported.stdout)).toEqual({ counts, numbers: 4 });
  });

  it("go through a pipe, and stop quietly where nobody reads on", async () => {
    const cwd = await folderWithStore();
    const self = [process.execPath, ...NODE_OPTIONS, BIN].map((word) => `'${word}'`).join(" ");
    const shell = async (line: string): Promise<Run> => {
      const child = spawn("bash", ["-c", `set -o pipefail; ${line}`], { cwd, env: quietEnvironment() });
      const [stdout, stderr, [exitCode]] = await Promise.all([
        textOf(child.stdout),
        textOf(child.stderr),
        once(child, "close") as Promise<[number | null]>,
      ]);
      return { exitCode, stdout, stderr, signal: null, ms: 0 };
    };
    const through = await shell(`${self} export | gzip | gunzip | ${self} import - --store sqlite:new.db`);
    expect(through).toMatchObject({ exitCode: 0, stdout: matching(/^Imported .+\nChecked: /) });
    const cut = await shell(`${self} export - | head -n 1`);
    expect(cut).toMatchObject({ exitCode: 0, stdout: matching(/^\{"millrace":"export","version":2,[^\n]+\n$/) });
  });

  it("take an export that was edited, when its last line does not deny it", async () => {
    const cwd = await folderWithStore();
    await millrace(["export", "a.jsonl"], { cwd });
    const edited = (await readFile(join(cwd, "a.jsonl"), "utf8"))
      .replaceAll('"mail.send"', '"letter.post"')
      .replace(/,"digests":\{[^}]+\}/, "");
    await writeFile(join(cwd, "a.jsonl"), edited);
    expect(await millrace(["import", "a.jsonl", "--store", "sqlite:new.db"], { cwd })).toMatchObject({ exitCode: 0 });
    const { stdout } = await millrace(["jobs", "list", "--json", "--store", "sqlite:new.db"], { cwd });
    const { jobs } = JSON.parse(stdout) as { readonly jobs: readonly { readonly kind: string }[] };
    expect(jobs.map(({ kind }) => kind)).toEqual(jobs.map(() => "letter.post"));
  });

  it("write over a file only when they are told to", async () => {
    const cwd = await folderWithStore();
    await writeFile(join(cwd, "a.jsonl"), "mine");
    expect((await millrace(["export", "a.jsonl"], { cwd })).exitCode).toBe(5);
    expect(await readFile(join(cwd, "a.jsonl"), "utf8")).toBe("mine");
    expect((await millrace(["export", "a.jsonl", "--overwrite"], { cwd })).exitCode).toBe(0);
    expect(await recordsIn(join(cwd, "a.jsonl"))).toHaveLength(12);
    expect((await readdir(cwd)).filter((name) => name.includes("partial"))).toEqual([]);
  });
});

describe("an export of a store at work", options, () => {
  it("is refused, naming jobs and workers, unless it is allowed", async () => {
    const cwd = await folderWithStore();
    const mill = await openMillrace(`sqlite:${join(cwd, "millrace.db")}`);
    const claimed = Promise.withResolvers<void>();
    const end = new AbortController();
    const worker = mill.worker({ name: "press", queues: ["mail"], concurrency: 1 });
    worker.handle("mail.send", async () => {
      claimed.resolve();
      await once(end.signal, "abort");
    });
    try {
      await worker.start();
      await claimed.promise;
      const refused = await millrace(["export", "a.jsonl"], { cwd });
      expect(refused).toMatchObject({ exitCode: 5, stdout: "" });
      expect(refused.stderr).toMatch(
        /^Error: the store is at work: 1 running \(mail#2\), 1 worker \(press, process \d+ on .+\)\nSuggestion: stop the workers first;/,
      );
      expect(existsSync(join(cwd, "a.jsonl"))).toBe(false);
      const moved = await millrace(["move", "--from", "sqlite:millrace.db", "--to", "sqlite:new.db"], { cwd });
      expect(moved).toMatchObject({ exitCode: 5, stderr: matching(/the store is at work/) });
      expect(existsSync(join(cwd, "new.db"))).toBe(false);

      const exported = await millrace(["export", "a.jsonl", "--allow-running"], { cwd });
      expect(exported.stdout).toContain("\n1 job was running, and is carried as if its worker had died.\n");
      const anyway = ["move", "--from", "sqlite:millrace.db", "--to", "sqlite:new.db", "--allow-running", "--json"];
      expect(JSON.parse((await millrace(anyway, { cwd })).stdout)).toMatchObject({ numbers: 4, lost: 1 });
    } finally {
      end.abort();
      await mill.close();
    }
    const target = await openMillrace(`sqlite:${join(cwd, "new.db")}`);
    const job = await target.find({ scope: "mail", number: 2 });
    const attempts = await target.attempts(job?.id as string);
    await target.close();
    expect([job?.state, job?.attempt]).toEqual(["queued", 1]);
    expect(attempts.map(({ ending, token }) => [ending, token])).toEqual([["lost", 1]]);
  });
});

describe("an import that does not come to its end", options, () => {
  it.each([
    ["by SIGINT, and says so", "SIGINT", 1, "Error: interrupted; nothing was kept\n"],
    ["by SIGKILL", "SIGKILL", null, ""],
  ] as const)("keeps nothing when it is ended %s", async (_, signal, exitCode, stderr) => {
    const cwd = await folderWithStore();
    await millrace(["export", "a.jsonl"], { cwd });
    const stalled = await stallImport(join(cwd, "a.jsonl"), "sqlite:new.db", cwd);
    await until("the import holds the store", () => isHeld(join(cwd, "new.db")), 30_000);
    const { stdout } = await millrace(["jobs", "list", "--store", "sqlite:new.db"], { cwd });
    expect(stdout).not.toContain("mail#");
    expect(await stalled.end(signal)).toEqual({ exitCode, stderr });
    const again = await millrace(["import", "a.jsonl", "--store", "sqlite:new.db"], { cwd });
    expect(again).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it("keeps nothing when its last line is wrong", async () => {
    const cwd = await folderWithStore();
    await millrace(["export", "a.jsonl"], { cwd });
    const text = await readFile(join(cwd, "a.jsonl"), "utf8");
    await writeFile(join(cwd, "b.jsonl"), text.slice(0, text.lastIndexOf('{"type":"end"')));
    const cut = await millrace(["import", "b.jsonl", "--store", "sqlite:new.db"], { cwd });
    expect(cut).toMatchObject({ exitCode: 2, stderr: matching(/b\.jsonl was cut: its last line is missing/) });
    expect((await millrace(["import", "a.jsonl", "--store", "sqlite:new.db"], { cwd })).exitCode).toBe(0);
  });
});

/** Whether somebody else has the right to write; asked only when the tables are there, so that nobody is kept from making them. */
function isHeld(file: string): boolean {
  if (!existsSync(file)) return false;
  const db = new Database(file, { timeout: 0 });
  try {
    if (!hasEmptyTables(db)) return false;
    db.exec("BEGIN IMMEDIATE; ROLLBACK");
    return false;
  } catch {
    return true;
  } finally {
    db.close();
  }
}

function hasEmptyTables(db: Database.Database): boolean {
  try {
    return db.prepare("SELECT 1 FROM millrace_job").get() === undefined;
  } catch {
    return false;
  }
}

describe("move", options, () => {
  it("carries everything, checks it on both sides, and leaves the old store as it was", async () => {
    const cwd = await folderWithStore();
    await millrace(["export", "a.jsonl"], { cwd });
    const moved = await millrace(["move", "--from", "sqlite:millrace.db", "--to", "sqlite:new.db"], { cwd });
    expect(moved).toMatchObject({ exitCode: 0, stderr: "" });
    expect(moved.stdout).toBe(
      "Moved 1 queue, 2 counters, 1 schedule, 4 jobs and 2 log lines to sqlite:new.db.\n" +
        "Checked: 4 jobs, 4 numbers, 2 counters, 0 earlier attempts and 2 log lines are the same on both sides; no guarantee is broken.\n" +
        "sqlite:millrace.db is as it was: see that no program uses it any more.\n",
    );
    for (const store of ["sqlite:millrace.db", "sqlite:new.db"]) {
      await millrace(["export", "b.jsonl", "--overwrite", "--store", store], { cwd });
      expect(await recordsIn(join(cwd, "b.jsonl"))).toEqual(await recordsIn(join(cwd, "a.jsonl")));
      expect((await millrace(["verify", "--data", "--store", store], { cwd })).exitCode).toBe(0);
    }
  });
});

describe("carrying much", () => {
  it("takes no more memory than carrying little", { timeout: 240_000 }, async () => {
    const cwd = await folders.create();
    const mill = await openMillrace(`sqlite:${join(cwd, "millrace.db")}`);
    const payload = "x".repeat(2_500);
    const jobCount = 20_000;
    for (let written = 0; written < jobCount; written += 2_500) {
      await mill.enqueueMany(Array.from({ length: 2_500 }, () => ({ kind: "k", payload })));
    }
    await mill.close();
    // Held all at once they would take twice as much, and the program itself takes half of it.
    const within = { cwd, nodeOptions: ["--max-old-space-size=40"], limitMs: 110_000 };
    const exported = await millrace(["export", "a.jsonl", "--json"], within);
    expect(exported).toMatchObject({ exitCode: 0, stderr: "" });
    const imported = await millrace(["import", "a.jsonl", "--store", "sqlite:new.db"], within);
    expect(imported).toMatchObject({ exitCode: 0, stderr: "" });
    expect(imported.stdout).toContain(`Imported 1 queue, 1 counter and ${jobCount} jobs.`);
  });
});
