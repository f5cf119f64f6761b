import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Entry, FinalJob, HistoryVerdict, VerifyOutcome } from "../../src/verify/index.ts";
import { expectRefusal } from "./expect-refusal.ts";
import { matching } from "./expected-text.ts";
import { millrace, startMillrace } from "./spawn-millrace.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();
const LIMIT_MS = 170_000;
const DRIVE = ["verify", "--seconds", "3", "--jobs", "120", "--workers", "4"] as const;
/** The folder of a drive that went well, recorded once for all. */
let recorded = "";

beforeAll(async () => {
  const cwd = await folders.create();
  recorded = join(cwd, "report");
  const run = await millrace([...DRIVE, "--seed", "4711", "--report", "report", "--json"], { cwd, limitMs: LIMIT_MS });
  expect(run).toMatchObject({ exitCode: 0, stderr: "Seed 4711.\n" });
  const outcome = JSON.parse(run.stdout) as VerifyOutcome;
  expect(outcome).toMatchObject({
    verdict: "ok",
    seed: 4711,
    violations: [],
    unknown: [],
    folder: recorded,
    kept: null,
  });
  expect(outcome.command).toContain("millrace verify --store sqlite:./millrace.db --workers 4 --jobs 120 --seconds 3");
  expect(outcome.figures.jobs).toBeGreaterThan(50);
  // The store that was named is not even made.
  expect(readdirSync(cwd)).toEqual(["report"]);
}, LIMIT_MS);

describe("a drive", () => {
  it("leaves histories, jobs and a page in the folder of the report", () => {
    const names = readdirSync(recorded);
    expect(names).toEqual(expect.arrayContaining(["history-drive.jsonl", "jobs.jsonl", "report.html", "run.json"]));
    expect(readFileSync(join(recorded, "report.html"), "utf8")).toContain("4711");
  });

  it(
    "says its seed before anything happens, and on a signal ends with all that it made",
    { timeout: LIMIT_MS },
    async () => {
      const cwd = await folders.create();
      const running = startMillrace(["verify", "--store", "sqlite:./shop.db"], { cwd, limitMs: LIMIT_MS });
      await running.printed("Seed ");
      const crewWorks = (): boolean => readdirSync(cwd).some((name) => name.startsWith("shop-verify-"));
      while (!crewWorks()) await new Promise((resolve) => void setTimeout(resolve, 20));
      running.child.kill("SIGINT");
      const run = await running.ended;
      expect(run).toMatchObject({ exitCode: 3, stdout: matching(/^Not known: it was stopped before its end$/m) });
      expect(readdirSync(cwd)).toEqual([]);
    },
  );
});

describe("a history", () => {
  it("that is sound is found so again", { timeout: LIMIT_MS }, async () => {
    const run = await millrace(["verify", "--history", recorded, "--json"], { cwd: recorded, limitMs: LIMIT_MS });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(run.stdout)).toMatchObject({ judgement: "ok", violations: [], seed: 4711 });
  });

  it("in which a job is completed that somebody else had completed is convicted", { timeout: LIMIT_MS }, async () => {
    const folder = await aCopy();
    const { job, token, at } = firstCompletion(folder);
    // One more claim and completion after the end, as a store would answer that lets go of what is done.
    const process = "worker-99.0";
    const base = { process, at: at + 2_000_000 };
    const claim = { name: "claim", worker: "worker_99", leaseMs: 1_000 } as const;
    const end = { job, token: token + 1, to: "completed" } as const;
    tell(folder, [
      { ...base, type: "call", call: 0, operation: claim },
      { ...base, type: "answer", call: 0, answer: { name: "claim", leases: [{ job, token: token + 1 }] } },
      { ...base, type: "call", call: 1, operation: { name: "settle", ends: [end] } },
      { ...base, type: "answer", call: 1, answer: { name: "settle", statuses: ["settled"] } },
    ]);
    const run = await millrace(["verify", "--history", folder, "--json"], { cwd: folder, limitMs: LIMIT_MS });
    expect(run.exitCode).toBe(70);
    const { violations } = JSON.parse(run.stdout) as HistoryVerdict;
    expect(violations.some(({ rows, story }) => rows.includes(job) && story.length > 0)).toBe(true);
    const told = await millrace(["verify", "--history", folder], { cwd: folder, limitMs: LIMIT_MS });
    expect(told).toMatchObject({ exitCode: 70, stdout: matching(new RegExp(`${job}[^]*^Violated: `, "m")) });
  });

  it("of which a job is missing in the end is convicted", { timeout: LIMIT_MS }, async () => {
    const folder = await aCopy();
    const { job } = firstCompletion(folder);
    const path = join(folder, "jobs.jsonl");
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    writeFileSync(path, lines.filter((line) => (JSON.parse(line) as FinalJob).id !== job).join("\n"));
    const run = await millrace(["verify", "--history", folder, "--json"], { cwd: folder, limitMs: LIMIT_MS });
    expect(run.exitCode).toBe(70);
    const { violations } = JSON.parse(run.stdout) as HistoryVerdict;
    expect(violations.some(({ rows }) => rows.includes(job))).toBe(true);
  });
});

describe.concurrent("what cannot be verified", () => {
  it.each([
    ["a fault that is none", ["verify", "--faults", "kil"], '--faults: "kil" is no fault'],
    ["a fault that no file can have", ["verify", "--faults", "kill,failover"], '"failover"'],
    ["a drive of the data", ["verify", "--data", "--faults", "kill"], "--faults belongs to a drive"],
    ["a drive of a history", ["verify", "--history", ".", "--seed", "1"], "--seed belongs to a drive"],
    ["a folder without a history", ["verify", "--history", "."], "there is no history-*.jsonl"],
    ["a folder that is not there", ["verify", "--history", "./gone"], '"./gone" is no folder'],
    ["no workers", ["verify", "--workers", "0"], "--workers must be a whole number, 1 or more"],
    ["a store in memory", ["verify", "--store", "memory:"], '"memory:"'],
  ])("%s is refused with exit code 2", async (_, args, message) => {
    const cwd = await folders.create();
    const run = await millrace(args, { cwd });
    expectRefusal(run, { exitCode: 2, says: [message] });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it("a report into a folder that has something in it is refused", async () => {
    const cwd = await folders.create();
    writeFileSync(join(cwd, "mine.txt"), "");
    const run = await millrace([...DRIVE, "--report", "."], { cwd });
    expect(run).toMatchObject({ exitCode: 2, stderr: matching(/is not empty/) });
  });

  it("a store that is not there ends with exit code 7", async () => {
    const cwd = await folders.create();
    const run = await millrace([...DRIVE, "--store", "sqlite:./gone/shop.db"], { cwd });
    expect(run).toMatchObject({ exitCode: 7, stderr: matching(/gone is no folder/) });
  });
});

async function aCopy(): Promise<string> {
  const folder = await folders.create();
  for (const name of readdirSync(recorded)) writeFileSync(join(folder, name), readFileSync(join(recorded, name)));
  return folder;
}

/** The first attempt that was settled as completed, of a job that nothing deletes. */
function firstCompletion(folder: string): {
  readonly job: FinalJob["id"];
  readonly token: number;
  readonly at: number;
} {
  const lines = readFileSync(join(folder, "jobs.jsonl"), "utf8").trimEnd().split("\n");
  const jobs = lines.map((line) => JSON.parse(line) as FinalJob).filter(({ queue }) => queue === "main");
  const kept = new Set(jobs.map(({ id }) => id));
  for (const name of readdirSync(folder).filter((each) => each.startsWith("history-worker"))) {
    for (const line of readFileSync(join(folder, name), "utf8").trimEnd().split("\n")) {
      const entry = JSON.parse(line) as Entry;
      if (entry.type !== "call" || entry.operation.name !== "settle") continue;
      const end = entry.operation.ends.find(({ to, job }) => to === "completed" && kept.has(job));
      if (end !== undefined) return { ...end, at: entry.at };
    }
  }
  throw new Error("no job was completed");
}

function tell(folder: string, entries: readonly Entry[]): void {
  appendFileSync(
    join(folder, "history-worker-99.0.jsonl"),
    entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""),
  );
}
