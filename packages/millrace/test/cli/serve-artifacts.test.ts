import { existsSync } from "node:fs";
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { expectRefusal } from "./expect-refusal.ts";
import { millrace, startMillrace, type Running } from "./spawn-millrace.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();
const started: Running[] = [];
afterAll(() => {
  for (const { child } of started) child.kill("SIGKILL");
});
const KEY = "a-key-of-an-owner-with-forty-characters!";

/** Sends an artifact to a server that runs in this folder. */
async function sendTo(cwd: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const running = startMillrace(["serve", "--port", "0", "--json", ...args], {
    cwd,
    env: { MILLRACE_API_KEY: KEY, ...env },
  });
  started.push(running);
  let stdout = "";
  running.child.stdout?.on("data", (text: string) => (stdout += text));
  await running.printed("Ctrl-C stops.");
  const { url } = JSON.parse(stdout) as { url: string };
  const headers = { Authorization: `Bearer ${KEY}` };
  const body = JSON.stringify({ kind: "k" });
  const enqueued = await fetch(`${url}/v1/jobs`, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body,
  });
  const { id } = (await enqueued.json()) as { id: string };
  const sent = await fetch(`${url}/v1/jobs/${id}/artifacts/out.txt`, { method: "PUT", headers, body: "out" });
  running.child.kill("SIGTERM");
  await running.ended;
  return sent.status;
}

describe.concurrent("serve keeps artifacts", () => {
  it("beside its store, and makes the folder when there is the first", async () => {
    const cwd = await folders.create();
    await mkdir(join(cwd, "there"));
    expect(await sendTo(cwd, ["--store", "sqlite:./there/store.db"], {})).toBe(201);
    expect(await readdir(cwd)).toEqual(["there"]);
    expect((await stat(join(cwd, "there", "millrace-artifacts"))).mode & 0o777).toBe(0o700);
  });

  it("where --artifacts says, else MILLRACE_ARTIFACTS", async () => {
    const cwd = await folders.create();
    const env = { MILLRACE_ARTIFACTS: "./from-the-environment" };
    expect(await sendTo(cwd, ["--artifacts", "./from-the-flag"], env)).toBe(201);
    expect(await sendTo(cwd, [], env)).toBe(201);
    expect(existsSync(join(cwd, "from-the-flag"))).toBe(true);
    expect(existsSync(join(cwd, "from-the-environment"))).toBe(true);
    expect(existsSync(join(cwd, "millrace-artifacts"))).toBe(false);
  });
});

const REFUSALS = [
  {
    name: "artifacts in a bucket without a name",
    args: ["--artifacts", "s3:///prefix"],
    env: {},
    says: ['Error: artifacts: "s3:///prefix" names no bucket'],
  },
  {
    name: "artifacts where it cannot keep them",
    args: [],
    env: { MILLRACE_ARTIFACTS: "ftp://host/folder" },
    says: ["artifacts must be a folder or an s3:// URL"],
  },
  {
    name: "artifacts in a file",
    args: ["--artifacts", "/dev/null"],
    env: {},
    says: ["artifacts cannot lie in /dev/null: it is no folder"],
  },
  {
    name: "a key for secrets that is too short",
    args: [],
    env: { MILLRACE_SECRET_KEY: "hunter2" },
    says: ["the secret key (MILLRACE_SECRET_KEY) must be 32 bytes", "openssl rand -base64 32"],
  },
  {
    name: "an old key for secrets that is none",
    args: [],
    env: { MILLRACE_SECRET_KEY: `${"ab".repeat(32)},hunter2` },
    says: ["key 2 of the secret keys"],
  },
] as const;

describe.concurrent("serve refuses", () => {
  it.each(REFUSALS)("$name, before it opens anything", async ({ args, env, says }) => {
    const cwd = await folders.create();
    const run = await millrace(["serve", ...args], { cwd, env: { MILLRACE_API_KEY: KEY, ...env } });
    expectRefusal(run, { exitCode: 2, says: [...says] });
    expect(run.stderr).not.toContain("hunter2");
    expect(existsSync(join(cwd, "millrace.db"))).toBe(false);
  });
});
