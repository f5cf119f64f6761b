import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openMillrace } from "millrace";
import { afterAll, describe, expect, it } from "vitest";
import { expectRefusal } from "./expect-refusal.ts";
import {
  BIN,
  millrace,
  NODE_OPTIONS,
  quietEnvironment,
  startMillrace,
  type Run,
  type Running,
} from "./spawn-millrace.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
});

interface Said {
  readonly id: string;
  readonly key: string;
}

async function inFolder(): Promise<{
  readonly cwd: string;
  readonly run: (...args: readonly string[]) => Promise<Run>;
}> {
  const cwd = await folders.create();
  return { cwd, run: async (...args) => millrace(args, { cwd }) };
}

async function listening(cwd: string, args: readonly string[] = []): Promise<Running & { readonly url: string }> {
  const running = startMillrace(["serve", "--port", "0", "--json", ...args], { cwd });
  started.push(running.child);
  let stdout = "";
  running.child.stdout?.on("data", (text: string) => (stdout += text));
  await running.printed("Ctrl-C stops.");
  return { ...running, url: (JSON.parse(stdout) as { url: string }).url };
}

async function statusOf(url: string, key: string, path = "/v1/jobs"): Promise<number> {
  return (await fetch(`${url}${path}`, { headers: { Authorization: `Bearer ${key}` } })).status;
}

describe.concurrent("keys", () => {
  it("are made, printed once and listed without what opens", async () => {
    const { run } = await inFolder();
    const made = await run("keys", "create", "--role", "member", "--name", "deploys", "--org", "acme");
    expect(made.exitCode).toBe(0);
    expect(made.stdout).toMatch(/^mr_[0-9A-Za-z]{49}\n$/);
    expect(made.stderr).toMatch(/not shown again\. Revoke it with: millrace keys revoke key_[0-9a-z]{26}\n$/);
    const list = await run("keys", "list");
    expect(list.stdout).toMatch(
      /^KEY +ORG +ROLE +NAME +BY +CREATED +REVOKED\nkey_\w{26} +acme +member +deploys +\w* +\S+Z +-\n$/,
    );
    const json = JSON.parse((await run("keys", "list", "--json")).stdout) as unknown[];
    expect(json).toEqual([expect.objectContaining({ org: "acme", role: "member", name: "deploys", revokedAt: null })]);
    expect(JSON.stringify(json)).not.toContain(made.stdout.trim().slice(3));
    expect(JSON.stringify(json)).not.toContain("digest");
    expect((await run("keys", "list", "--org", "other")).stdout).toBe("No keys.\n");
  });

  it("are called by their id unless they are given a name", async () => {
    const { run } = await inFolder();
    const said = JSON.parse((await run("keys", "create", "--role", "viewer", "--json")).stdout) as Said;
    expect(said).toMatchObject({ name: said.id, org: "default", role: "viewer" });
  });

  it("are revoked, and again without harm; one that is not there is not found", async () => {
    const { run } = await inFolder();
    const { id } = JSON.parse((await run("keys", "create", "--role", "viewer", "--json")).stdout) as Said;
    const first = await run("keys", "revoke", id, "--json");
    expect(JSON.parse(first.stdout)).toMatchObject({ id, revokedAt: expect.any(String) as string });
    expect((await run("keys", "revoke", id, "--json")).stdout).toBe(first.stdout);
    const missing = await run("keys", "revoke", "key_01k0c9m2w8x7q5v3r1t4y6p8n0");
    expectRefusal(missing, { exitCode: 4, says: ["there is no key", "Suggestion: `millrace keys list`"] });
  });

  it("refuse a role that is none, and a key in place of its id without repeating it", async () => {
    const { run } = await inFolder();
    expectRefusal(await run("keys", "create", "--role", "king"), {
      exitCode: 2,
      says: ['--role: "king" is no role', "Valid options: owner, admin, member, viewer, worker"],
    });
    expectRefusal(await run("keys", "create"), { exitCode: 2, says: ["--role"] });
    const pasted = await run("keys", "revoke", `mr_${"x".repeat(49)}`);
    expectRefusal(pasted, { exitCode: 2, says: ["the id of a key begins with key_"] });
    expect(pasted.stderr).not.toContain("xxx");
    expectRefusal(await run("keys", "list"), { exitCode: 7, says: ["there is no store"] });
  });
});

describe.concurrent("serve without MILLRACE_API_KEY", () => {
  it("starts with the key of an owner in the store, which opens until it is revoked", async () => {
    const { cwd, run } = await inFolder();
    const { id, key } = JSON.parse((await run("keys", "create", "--role", "owner", "--json")).stdout) as Said;
    const { url } = await listening(cwd);
    expect(await statusOf(url, key)).toBe(200);
    // By another process, while the server runs.
    await run("keys", "revoke", id);
    expect(await statusOf(url, key)).toBe(401);
    expect((await run("serve")).exitCode).toBe(2);
  });

  it("does not with the keys of others, nor with none, and says what to do", async () => {
    const { cwd, run } = await inFolder();
    for (const role of ["member", "viewer", "worker"]) await run("keys", "create", "--role", role);
    const refused = await run("serve", "--port", "0");
    expectRefusal(refused, {
      exitCode: 2,
      says: ["no key was given: set MILLRACE_API_KEY", "`millrace keys create --role owner`"],
    });
    // What it looked into is as it was.
    const mill = await openMillrace(`sqlite:${join(cwd, "millrace.db")}`, { migrate: false });
    await mill.close();
  });
});

describe.concurrent("the log of serve", () => {
  it("is JSON in a pipe, a line for each request, as much as is asked for", async () => {
    const { cwd, run } = await inFolder();
    const { key } = JSON.parse(
      (await run("keys", "create", "--role", "admin", "--name", "ada", "--json")).stdout,
    ) as Said;
    const { url, child, ended } = await listening(cwd, ["--requests-per-minute", "2"]);
    expect(await statusOf(url, key, "/v1/jobs?limit=1")).toBe(200);
    expect(await statusOf(url, key)).toBe(200);
    expect(await statusOf(url, key)).toBe(429);
    child.kill("SIGTERM");
    const { stderr, exitCode } = await ended;
    expect(exitCode).toBe(0);
    const lines = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const requests = lines.filter(({ method }) => method === "GET");
    expect(requests.map(({ status, level }) => [status, level])).toEqual([
      [200, "info"],
      [200, "info"],
      [429, "info"],
    ]);
    expect(requests[0]).toMatchObject({ path: "/v1/jobs", route: "/v1/jobs", principal: "ada", role: "admin" });
    expect(lines.at(-1)).toMatchObject({ level: "info", signal: "SIGTERM" });
    expect(stderr).not.toContain(key);
  });

  it("says less, or nothing, and refuses a level that is none", async () => {
    const { cwd, run } = await inFolder();
    const env = { MILLRACE_API_KEY: "a-key-of-an-owner-with-forty-characters!", MILLRACE_LOG_LEVEL: "warn" };
    const running = startMillrace(["serve", "--port", "0"], { cwd, env });
    started.push(running.child);
    await running.printed("Listening on");
    running.child.kill("SIGTERM");
    expect(await running.ended).toMatchObject({ exitCode: 0, stderr: "" });
    const wrong = await millrace(["serve"], { cwd, env: { ...env, MILLRACE_LOG_LEVEL: "loud" } });
    expectRefusal(wrong, { exitCode: 2, says: ['MILLRACE_LOG_LEVEL: "loud" is no log level', "debug, info, warn"] });
    expectRefusal(await run("serve", "--log-level", "loud"), { exitCode: 2, says: ["--log-level"] });
    expectRefusal(await run("serve", "--requests-per-minute", "0"), { exitCode: 2, says: ["--requests-per-minute"] });
  });

  it.runIf(existsSync("/dev/full"))("is not what the server fails by, when its disk is full", async () => {
    const { cwd } = await inFolder();
    const words = [process.execPath, ...NODE_OPTIONS, BIN, "serve", "--dev", "--json", "--port", "0"];
    const child = spawn("bash", ["-c", `exec ${words.map((word) => `'${word}'`).join(" ")} 2>/dev/full`], {
      cwd,
      env: quietEnvironment(),
    });
    started.push(child);
    const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
    const { url, key } = JSON.parse(line) as { url: string; key: string };
    for (let i = 0; i < 20; i++) expect(await statusOf(url, key)).toBe(200);
    child.kill("SIGTERM");
    expect(await once(child, "close")).toEqual([0, null]);
  });

  it("goes on when nobody reads the log any more", async () => {
    const { cwd, run } = await inFolder();
    const { key } = JSON.parse((await run("keys", "create", "--role", "owner", "--json")).stdout) as Said;
    const { url, child, ended } = await listening(cwd);
    child.stderr?.destroy();
    for (let i = 0; i < 20; i++) expect(await statusOf(url, key)).toBe(200);
    child.kill("SIGTERM");
    expect((await ended).exitCode).toBe(0);
  });
});
