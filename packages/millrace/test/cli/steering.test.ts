import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { Queue, Schedule } from "millrace";
import { beforeAll, describe, expect, it } from "vitest";
import { matching } from "./expected-text.ts";
import { millrace, type Run } from "./spawn-millrace.ts";
import { makeStore } from "./store-files.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();
let good = "";

beforeAll(async () => {
  good = join(await folders.create(), "good.db");
  await makeStore(good);
});

async function withStore(): Promise<(...args: readonly string[]) => Promise<Run>> {
  const cwd = await folders.create();
  await copyFile(good, join(cwd, "millrace.db"));
  return async (...args) => millrace(args, { cwd });
}

describe.concurrent("queues", () => {
  it("are listed with what waits in them", async () => {
    const run = await withStore();
    const { stdout } = await run("queues", "list");
    expect(stdout).toMatch(
      /^QUEUE +STATE +QUEUED +RUNNING +SCHEDULED +BLOCKED +OLDEST\nmail +open +2 +0 +0 +0 +\S+Z\n$/,
    );
    const [queue] = JSON.parse((await run("queues", "list", "--json")).stdout) as Queue[];
    expect(queue).toMatchObject({ name: "mail", isPaused: false, counts: { queued: 2 } });
  });

  it("are paused and resumed, and paused twice without harm", async () => {
    const run = await withStore();
    await run("queues", "pause", "mail");
    expect(await run("queues", "pause", "mail")).toMatchObject({
      exitCode: 0,
      stdout: matching(/^state +paused$/m),
    });
    expect((await run("jobs", "explain", "mail#2")).stdout).toContain("paused");
    expect((await run("queues", "resume", "mail")).stdout).toMatch(/^state +open$/m);
  });

  it("are configured, and what is not given stays", async () => {
    const run = await withStore();
    const first = [
      "--max-attempts",
      "7",
      "--timeout",
      "30s",
      "--backoff",
      "fixed:5s",
      "--no-numbered",
      "--keep-failed",
      "forever",
    ];
    await run("queues", "configure", "mail", ...first);
    const second = await run("queues", "configure", "mail", "--timeout", "none", "--cancel-grace", "1m", "--json");
    expect(second).toMatchObject({ exitCode: 0, stderr: "" });
    expect((JSON.parse(second.stdout) as Queue).settings).toMatchObject({
      maxAttempts: 7,
      timeoutMs: null,
      backoff: { type: "fixed", delayMs: 5_000 },
      cancelGraceMs: 60_000,
      numbered: false,
      retention: { failedMs: null, completedMs: 7 * 86_400_000 },
    });
    const third = await run("queues", "configure", "new", "--numbered", "--keep-completed", "1d");
    expect(third.stdout).toMatch(/^keeps +completed 1d, failed 7d, cancelled 7d$/m);
  });
});

describe.concurrent("schedules", () => {
  it("are added, changed, listed and removed", async () => {
    const run = await withStore();
    expect((await run("schedules", "list")).stdout).toBe("No schedules.\n");
    const add = ["schedules", "add", "nightly", "0 3 * * *", "report.build"];
    expect(await run(...add)).toMatchObject({
      exitCode: 0,
      stdout: matching(/^nightly +0 3 \* \* \* +UTC +report\.build +\S+ +-$/m),
    });
    const changed = await run(...add, '{"days": 1}', "--time-zone", "Europe/Berlin", "--json");
    expect(JSON.parse(changed.stdout)).toMatchObject({
      name: "nightly",
      timeZone: "Europe/Berlin",
      payload: { days: 1 },
    });
    const listed = JSON.parse((await run("schedules", "list", "--json")).stdout) as Schedule[];
    expect(listed).toMatchObject([{ name: "nightly", timeZone: "Europe/Berlin", lastAt: null }]);
    expect(await run("schedules", "remove", "nightly")).toMatchObject({
      exitCode: 0,
      stdout: "Removed the schedule nightly.\n",
    });
    expect((await run("schedules", "remove", "nightly")).exitCode).toBe(4);
  });
});
