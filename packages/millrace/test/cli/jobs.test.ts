import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { openMillrace, type Job } from "millrace";
import { beforeAll, describe, expect, it } from "vitest";
import { millrace, startMillrace, type Run } from "./spawn-millrace.ts";
import { makeStore } from "./store-files.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();
let good = "";

beforeAll(async () => {
  good = join(await folders.create(), "good.db");
  await makeStore(good);
});

/** A folder with a store: mail#1 completed, mail#2 queued with a key, mail#3 queued with a tag and a group. */
async function withStore(): Promise<(...args: readonly string[]) => Promise<Run>> {
  const cwd = await folders.create();
  await copyFile(good, join(cwd, "millrace.db"));
  return async (...args) => millrace(args, { cwd });
}

function jsonOf<T>({ stdout, exitCode, stderr }: Run): T {
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout) as T;
}

describe.concurrent("jobs list", () => {
  it("prints aligned columns, the newest job first", async () => {
    const run = await withStore();
    const { exitCode, stdout, stderr } = await run("jobs", "list");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ {2,}/));
    expect(lines[0]).toEqual(["ID", "NAME", "KIND", "STATE", "PRIO", "TRY", "CREATED"]);
    expect(lines.slice(1).map((line) => [line[1], line[3], line[5]])).toEqual([
      ["mail#3", "queued", "0/3"],
      ["mail#2", "queued", "0/3"],
      ["mail#1", "completed", "1/3"],
    ]);
    expect(lines[1]?.[6]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it.each([
    [["--state", "completed"], ["mail#1"]],
    [
      ["--state", "queued,running"],
      ["mail#3", "mail#2"],
    ],
    [
      ["--queue", "mail", "--kind", "mail.send", "--scope", "mail"],
      ["mail#3", "mail#2", "mail#1"],
    ],
    [["--queue", "nothing"], []],
    [["--tag", "customer=7"], ["mail#3"]],
    [["--tag", "customer"], ["mail#3"]],
    [["--group", "news"], ["mail#3"]],
    [["--search", "k1"], ["mail#2"]],
  ])("filters by %j", async (args, expected) => {
    const run = await withStore();
    const { jobs } = jsonOf<{ jobs: readonly Job[] }>(await run("jobs", "list", ...args, "--json"));
    expect(jobs.map(({ scope, number }) => `${scope}#${number}`)).toEqual(expected);
  });

  it("says where the next page begins", async () => {
    const run = await withStore();
    const first = await run("jobs", "list", "--limit", "2");
    const cursor = /--cursor (\S+)/.exec(first.stderr)?.[1] ?? "";
    const second = jsonOf<{ jobs: readonly Job[]; nextCursor: unknown }>(
      await run("jobs", "list", "--cursor", cursor, "--json"),
    );
    expect(second.jobs.map(({ number }) => number)).toEqual([1]);
    expect(second.nextCursor).toBeNull();
  });

  it("says that there are none", async () => {
    const run = await withStore();
    expect(await run("jobs", "list", "--queue", "nothing")).toMatchObject({ exitCode: 0, stdout: "No jobs.\n" });
  });
});

describe.concurrent("a job is named", () => {
  it("by its id, by scope and number, and by the beginning of its id", async () => {
    const run = await withStore();
    const { id } = jsonOf<Job>(await run("jobs", "show", "mail#2", "--json"));
    const other = jsonOf<Job>(await run("jobs", "show", "mail#3", "--json")).id;
    let length = 5;
    while (other.startsWith(id.slice(0, length))) length += 1;
    for (const name of [id, id.slice(0, length), id.slice(0, 29)]) {
      expect(jsonOf<Job>(await run("jobs", "show", name, "--json"))).toMatchObject({ id, number: 2 });
    }
  });

  it("by a scope that is not its queue, even one with a number in it", async () => {
    const cwd = await folders.create();
    await millrace(["enqueue", "k", "--scope", "2026"], { cwd });
    expect(jsonOf<Job>(await millrace(["jobs", "show", "2026#1", "--json"], { cwd }))).toMatchObject({
      scope: "2026",
      number: 1,
    });
  });
});

describe.concurrent("a single job", () => {
  it("is shown with all that has a value", async () => {
    const run = await withStore();
    const { stdout } = await run("jobs", "show", "mail#1");
    expect(stdout).toMatch(/^name +mail#1$/m);
    expect(stdout).toMatch(/^state +completed$/m);
    expect(stdout).toMatch(/^payload +\{"to":"ada"\}$/m);
    expect(stdout).toMatch(/^result +\{"messageId":"m1"\}$/m);
    expect(stdout).not.toMatch(/^(?:error|group|tags|cancelled) /m);
    expect((await run("jobs", "show", "mail#3")).stdout).toMatch(/^tags +customer=7$/m);
  });

  it("is shown as JSON with its earlier attempts", async () => {
    const run = await withStore();
    const job = jsonOf<Job & { attempts: unknown }>(await run("jobs", "show", "mail#1", "--json"));
    expect(job).toMatchObject({ state: "completed", attempts: [], result: { messageId: "m1" } });
  });

  it("has its log printed, as text and as JSON lines", async () => {
    const run = await withStore();
    expect(await run("jobs", "logs", "mail#1")).toMatchObject({
      exitCode: 0,
      stdout: "connecting\nsent\n",
      stderr: "",
    });
    const lines = (await run("jobs", "logs", "mail#1", "--json")).stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { sequence: 1, stream: "log", text: "connecting" },
      { sequence: 2, stream: "log", text: "sent" },
    ]);
  });

  it("is cancelled, with a reason and a name, and again with the same answer", async () => {
    const run = await withStore();
    const args = ["jobs", "cancel", "mail#2", "--reason", "wrong address", "--by", "ada", "--json"];
    const [first, second] = [jsonOf<Job>(await run(...args)), jsonOf<Job>(await run(...args, "--by", "bob"))];
    expect(first).toMatchObject({ state: "cancelled", cancelReason: "wrong address", cancelledBy: "ada" });
    expect(second).toEqual(first);
    expect((await run("jobs", "show", "mail#2")).stdout).toMatch(/^cancelled +\S+ by ada: wrong address$/m);
  });

  it("is retried as a new job", async () => {
    const run = await withStore();
    const { id } = jsonOf<Job>(await run("jobs", "show", "mail#1", "--json"));
    const again = jsonOf<Job>(await run("jobs", "retry", "mail#1", "--json"));
    expect(again).toMatchObject({ number: 4, retryOf: id, payload: { to: "ada" }, state: "queued" });
    expect((await run("jobs", "retry", id)).stdout).toMatch(/^job_\w+ mail#5 queued\n$/);
  });

  it("is explained", async () => {
    const run = await withStore();
    const { stdout } = await run("jobs", "explain", "mail#3");
    expect(stdout).toMatch(/^job_\w+ mail#3 queued\n(?:.+\n)*No live worker serves the queue "mail"\./);
    expect(jsonOf(await run("jobs", "explain", "mail#3", "--json"))).toMatchObject({
      job: { state: "queued" },
      sentences: ['No live worker serves the queue "mail".', "It is behind 1 job."],
    });
  });
});

describe("jobs logs --follow", () => {
  it("prints lines as they come and ends with the job", async () => {
    const cwd = await folders.create();
    const mill = await openMillrace(`sqlite:${join(cwd, "millrace.db")}`);
    const finish = Promise.withResolvers<void>();
    const worker = mill.worker().handle("slow", async (_, ctx) => {
      ctx.log("first line");
      await finish.promise;
      ctx.log("last line");
    });
    await mill.enqueue("slow");
    await worker.start();
    const following = startMillrace(["jobs", "logs", "default#1", "--follow"], { cwd });
    await following.printed("first line");
    finish.resolve();
    expect(await following.ended).toMatchObject({ exitCode: 0, stdout: "first line\nlast line\n", stderr: "" });
    await mill.close();
  });
});
