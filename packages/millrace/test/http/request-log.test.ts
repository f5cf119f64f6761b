import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { openMillrace, type Logger } from "millrace";
import { describe, expect, it, onTestFinished } from "vitest";
import { aServer, API_KEY, jwtFor, type Bench } from "./bench.ts";

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A server whose log is kept. */
async function aLoggedServer(): Promise<Bench & { readonly lines: readonly Line[] }> {
  const lines: Line[] = [];
  const note =
    (level: string): Logger["info"] =>
    (fields, message) =>
      void lines.push({ level, fields, message });
  const logger = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
  const secretKey = randomBytes(32).toString("base64");
  const mill = await openMillrace("memory:", { logger, secretKey });
  onTestFinished(() => mill.close());
  return { ...(await aServer({ mill })), mill, lines };
}

describe("a request", () => {
  it("is a line of the log, with who asked for what and what came of it", async () => {
    const { ask, lines } = await aLoggedServer();
    const { id } = (await ask("POST", "/v1/jobs", { kind: "k" }, await jwtFor("ada", "member"))).body as { id: string };
    expect(lines).toEqual([
      {
        level: "info",
        message: "POST /v1/jobs 201",
        fields: {
          requestId: expect.any(String) as string,
          method: "POST",
          route: "/v1/jobs",
          path: "/v1/jobs",
          status: 201,
          durationMs: expect.any(Number) as number,
          org: "default",
          principal: "ada",
          role: "member",
          action: "enqueue",
          ids: [id],
        },
      },
    ]);
  });

  it("that changes something names its action and all ids that it is about", async () => {
    const { ask, lines } = await aLoggedServer();
    const made = (await ask("POST", "/v1/keys", { name: "ada", role: "admin" })).body as { id: string; key: string };
    const batch = (await ask("POST", "/v1/jobs/batch", { jobs: [{ kind: "k" }, { kind: "k" }] }, made.key)).body;
    const [one = "", two = ""] = (batch as { jobs: { id: string }[] }).jobs.map(({ id }) => id);
    await ask("POST", `/v1/jobs/${one}/cancel`, {}, made.key);
    const retry = (await ask("POST", `/v1/jobs/${one}/retry`, undefined, made.key)).body as { id: string };
    await ask("POST", "/v1/queues/mail/pause", undefined, made.key);
    await ask("PUT", "/v1/schedules/nightly", { cron: "0 3 * * *", kind: "k" }, made.key);
    await ask("POST", "/v1/workers", { id: "press" }, made.key);
    await ask("DELETE", `/v1/keys/${made.id}`);
    const by = { org: "default", principal: "ada", role: "admin", key: made.id };
    const told = lines.map(({ fields }) => fields);
    expect(told).toMatchObject([
      { principal: "api-key", role: "owner", action: "manage keys", ids: [made.id] },
      { ...by, action: "enqueue", ids: [one, two] },
      { ...by, action: "cancel", ids: [one], path: `/v1/jobs/${one}/cancel`, route: "/v1/jobs/:id/cancel" },
      { ...by, action: "retry", ids: [one, retry.id] },
      { ...by, action: "steer queues", ids: ["mail"] },
      { ...by, action: "write schedules", ids: ["nightly"] },
      { ...by, action: "register", ids: ["press"] },
      { principal: "api-key", action: "manage keys", ids: [made.id] },
    ]);
  });

  it("that was refused says by whom it was tried, and why it was refused", async () => {
    const { ask, lines } = await aLoggedServer();
    await ask("POST", "/v1/queues/mail/pause", undefined, await jwtFor("vera", "viewer"));
    await ask("GET", "/v1/jobs", undefined, "who-am-i");
    await ask("GET", "/nowhere");
    expect(lines.map(({ fields }) => fields)).toMatchObject([
      { status: 403, problem: "forbidden", principal: "vera", role: "viewer", action: "steer queues", ids: ["mail"] },
      { status: 401, problem: "unauthenticated" },
      { status: 404, problem: "not_found", route: null, path: "/nowhere" },
    ]);
    expect(lines[1]?.fields).not.toHaveProperty("principal");
  });

  it("that the server could not serve is a warning", async () => {
    const { ask, mill, lines } = await aLoggedServer();
    await mill.close();
    expect((await ask("GET", "/v1/jobs")).status).toBe(503);
    expect(lines.at(-1)).toMatchObject({ level: "warn", fields: { status: 503, problem: "shutting_down" } });
  });

  it("is named by the pattern of its route, whatever stands in its path", async () => {
    const { ask, lines } = await aLoggedServer();
    await ask("GET", "/v1/scopes/mail/jobs/7");
    await ask("GET", `/v1/jobs/${"x".repeat(2_000)}`);
    expect(lines[0]?.fields).toMatchObject({ route: "/v1/scopes/:scope/jobs/:number", ids: ["mail", "7"] });
    expect(String(lines[1]?.fields["path"]).length).toBe(500);
  });
});

describe("the log of a busy server", () => {
  it("holds no key, no secret and nothing of what was sent", async () => {
    const { ask, fetch, mill, lines } = await aLoggedServer();
    const jwt = await jwtFor("ada", "admin");
    const { id, key } = (await ask("POST", "/v1/keys", { name: "ada", role: "admin" })).body as {
      id: string;
      key: string;
    };
    const worker = (await ask("POST", "/v1/workers", { id: "w" }, key)).body as { key: string };
    const hook = (await ask("POST", "/v1/webhooks", { url: "https://127.0.0.1.invalid/?token=url-secret" }, key)).body;
    const signing = (hook as { secret: string }).secret.slice("whsec_".length);
    const secrets = [
      API_KEY,
      jwt,
      key,
      worker.key,
      signing,
      "url-secret",
      "job-secret",
      "payload-secret",
      "query-secret",
      "header-secret",
      "reason-secret",
    ];
    for (const presented of [API_KEY, jwt, key]) {
      const job = (await ask("POST", "/v1/jobs", { kind: "k", payload: { password: "payload-secret" } }, presented))
        .body;
      await ask("POST", `/v1/jobs/${(job as { id: string }).id}/cancel`, { reason: "reason-secret" }, presented);
      await ask("GET", "/v1/jobs?q=query-secret", undefined, presented);
      await ask("POST", "/v1/jobs", { kind: "k", password: "payload-secret" }, presented);
      // Where they do not belong.
      for (const misplaced of [key, worker.key, jwt]) {
        await ask("GET", `/v1/jobs/${misplaced}`, undefined, presented);
        await ask("DELETE", `/v1/keys/${misplaced}`, undefined, presented);
        await ask("POST", `/v1/queues/${misplaced}/pause`, undefined, presented);
        await ask("GET", `/${misplaced}/${misplaced}`, undefined, presented);
      }
      const headers = { Authorization: `Bearer ${presented}`, "X-Secret": "header-secret", Cookie: "header-secret" };
      await fetch(new Request(`http://server/v1/jobs?key=${presented}`, { headers }));
      await ask("POST", "/v1/workers/w/claim", { max: 1 }, worker.key);
      await ask("GET", "/v1/jobs", undefined, `${presented}x`);
    }
    await ask("DELETE", `/v1/keys/${id}`);
    await mill.close();
    expect((await ask("POST", `/v1/queues/${key}/pause`)).status).toBe(503);
    const text = JSON.stringify(lines, (_, value: unknown) => (value instanceof Error ? inspect(value) : value));
    expect(lines.length).toBeGreaterThan(45);
    for (const secret of secrets) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/mr_[0-9A-Za-z]{10}|mrw_[\w-]{10}|Bearer/);
  });
});
