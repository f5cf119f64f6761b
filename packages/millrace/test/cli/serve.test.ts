import { existsSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { expectRefusal } from "./expect-refusal.ts";
import { millrace, startMillrace, type Running, type RunOptions } from "./spawn-millrace.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();
/** Tests run beside each other, and what one has started is ended after the last. */
const started: Running[] = [];
afterAll(() => {
  for (const { child } of started) child.kill("SIGKILL");
});
const KEY = "a-key-of-an-owner-with-forty-characters!";

interface Serving extends Running {
  readonly url: string;
  readonly said: { readonly url: string; readonly port: number; readonly key?: string };
  readonly ask: (path: string, init?: RequestInit) => Promise<Response>;
}

async function serve(
  args: readonly string[] = [],
  env: RunOptions["env"] = { MILLRACE_API_KEY: KEY },
): Promise<Serving> {
  const cwd = await folders.create();
  const running = startMillrace(["serve", "--port", "0", "--json", ...args], { cwd, env: env ?? {} });
  started.push(running);
  let stdout = "";
  running.child.stdout?.on("data", (text: string) => (stdout += text));
  await running.printed("Ctrl-C stops.");
  const said = JSON.parse(stdout) as Serving["said"];
  const { url, key = KEY } = said;
  const ask: Serving["ask"] = async (path, init = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has("Authorization")) headers.set("Authorization", `Bearer ${key}`);
    return fetch(`${url}${path}`, { ...init, headers });
  };
  return { ...running, url, said, ask };
}

const ENQUEUE: RequestInit = {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ kind: "mail.send", payload: { to: "x" } }),
};

describe.concurrent("serve", () => {
  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("answers, until %s stops it in order", async (signal) => {
    const { ask, child, ended, said, url } = await serve();
    expect(said).toEqual({
      url: `http://127.0.0.1:${said.port}`,
      host: "127.0.0.1",
      port: said.port,
      pid: child.pid,
    });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const answer = await ask("/v1/jobs", ENQUEUE);
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ kind: "mail.send", number: 1 });
    expect((await fetch(`${url}/v1/jobs`)).status).toBe(401);
    child.kill(signal);
    expect(await ended).toMatchObject({ exitCode: 0, signal: null });
    await expect(fetch(`${url}/health`)).rejects.toThrow("fetch failed");
  });

  it("lets claims and streams end when it stops, without waiting for their time", async () => {
    const { ask, child, ended } = await serve();
    const events = await ask("/v1/events", { headers: { Accept: "text/event-stream" } });
    expect(events.status).toBe(200);
    const registered = await ask("/v1/workers", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id: "press-1" }),
    });
    const { key } = (await registered.json()) as { key: string };
    const claim = ask("/v1/workers/press-1/claim", {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
      body: JSON.stringify({ max: 1, waitMs: 30_000 }),
    });
    // Once it is counted, the claim has arrived.
    const waiting = 'millrace_http_requests_in_flight{method="POST",route="/v1/workers/:id/claim",caller="known"} 1';
    await expect.poll(async () => (await ask("/metrics")).text(), { timeout: 10_000 }).toContain(waiting);
    const askedMs = performance.now();
    child.kill("SIGTERM");
    expect(await (await claim).json()).toMatchObject({ jobs: [] });
    await events.text();
    expect(await ended).toMatchObject({ exitCode: 0 });
    expect(performance.now() - askedMs).toBeLessThan(8_000);
  });

  it("keeps the queue in order: what is due becomes ready, with no worker on the store", async () => {
    const { ask } = await serve();
    const job = await ask("/v1/jobs", { ...ENQUEUE, body: JSON.stringify({ kind: "k", delayMs: 1 }) });
    const { id } = (await job.json()) as { id: string };
    await expect
      .poll(async () => ((await (await ask(`/v1/jobs/${id}`)).json()) as { state: string }).state, { timeout: 10_000 })
      .toBe("queued");
  });

  it("makes and prints a key with --dev, for this machine only", async () => {
    const { ask, said, url } = await serve(["--dev"], {});
    expect(said.key).toMatch(/^\S{32,}$/);
    expect((await ask("/v1/jobs")).status).toBe(200);
    expect((await fetch(`${url}/v1/jobs`, { headers: { Authorization: `Bearer ${KEY}` } })).status).toBe(401);
  });

  it("says in words where it listens, with the key that it made", async () => {
    const running = startMillrace(["serve", "--port", "0", "--dev"], { cwd: await folders.create() });
    await running.printed("Ctrl-C stops.");
    running.child.kill("SIGTERM");
    const { stdout, exitCode } = await running.ended;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Listening on http:\/\/127\.0\.0\.1:\d+\nKey: dev_[0-9a-f]{48}\n$/);
  });

  it("keeps the key that is set, with --dev too, and does not print it", async () => {
    const { ask, said } = await serve(["--dev"]);
    expect(said.key).toBeUndefined();
    expect((await ask("/v1/jobs")).status).toBe(200);
  });

  it("answers what is no request with a problem, and goes on", async () => {
    const { url, ask } = await serve();
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    let said = "";
    socket.setEncoding("utf8").on("data", (text: string) => (said += text));
    socket.write("NONSENSE\r\n\r\n");
    await new Promise((resolve) => socket.once("close", resolve));
    expect(said).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*application\/problem\+json\r\n.*"requestId":"[\w-]+"/s);
    expect((await ask("/v1/jobs")).status).toBe(200);
  });
});

const REFUSALS = [
  { name: "no key", args: [], env: {}, says: ["Error: no key was given: set MILLRACE_API_KEY"] },
  { name: "an empty key", args: [], env: { MILLRACE_API_KEY: "" }, says: ["no key was given"] },
  {
    name: "a short key",
    args: [],
    env: { MILLRACE_API_KEY: "x".repeat(31) },
    says: ["the API key (MILLRACE_API_KEY) must have at least 32 characters; it has 31"],
  },
  {
    name: "a short key with --dev",
    args: ["--dev"],
    env: { MILLRACE_API_KEY: "short" },
    says: ["at least 32 characters"],
  },
  {
    name: "a short secret",
    args: [],
    env: { MILLRACE_JWT_SECRET: "short" },
    says: ["(MILLRACE_JWT_SECRET) must have"],
  },
  {
    name: "keys that lie nowhere",
    args: [],
    env: { MILLRACE_JWKS_URL: "here" },
    says: ["MILLRACE_JWKS_URL is no URL: here"],
  },
  {
    name: "--dev for others",
    args: ["--dev", "--host", "0.0.0.0"],
    env: {},
    says: ['--dev is for this machine only, and "0.0.0.0" is reached from others', "Suggestion: leave --host out"],
  },
  {
    name: "a port too high",
    args: ["--port", "65536"],
    env: { MILLRACE_API_KEY: KEY },
    says: ["--port must be at most 65535"],
  },
  {
    name: "a port that is none",
    args: ["--port", "http"],
    env: { MILLRACE_API_KEY: KEY },
    says: ["--port must be a whole number"],
  },
] as const;

describe.concurrent("serve refuses", () => {
  it.each(REFUSALS)("$name, before it opens anything", async ({ args, env, says }) => {
    const cwd = await folders.create();
    const run = await millrace(["serve", ...args], { cwd, env });
    expectRefusal(run, { exitCode: 2, says: [...says] });
    expect(existsSync(join(cwd, "millrace.db"))).toBe(false);
  });

  it("a port that is in use, and an address that is not its own", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => void other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const options = { cwd: await folders.create(), env: { MILLRACE_API_KEY: KEY } };
    const inUse = await millrace(["serve", "--port", String(port)], options);
    expectRefusal(inUse, { exitCode: 2, says: [`Error: port ${port} on 127.0.0.1 is in use by another process`] });
    const foreign = await millrace(["serve", "--host", "192.0.2.1", "--port", "0"], options);
    expectRefusal(foreign, { exitCode: 2, says: ["Error: 192.0.2.1 is no address of this machine"] });
    other.close();
  });
});
