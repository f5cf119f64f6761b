import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMillrace, type Job, type Logger } from "millrace";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHandler } from "../../src/http/index.ts";
import { API_KEY, aServer, jwtFor, type Bench, type Maker } from "./bench.ts";
import { onEveryStore } from "./every-store.ts";
import { aRemoteWorker, until, type ClaimedJob, type RemoteWorker } from "./remote-worker.ts";

const aKey = (): string => randomBytes(32).toString("base64");
const SECRETS = { API_TOKEN: "t0ken-that-nobody-must-see", PEM: "-----BEGIN-----\nMIIEvQIBADANBgkq\n-----END-----" };
const ASKED = { kind: "k", payload: { to: "ada" }, secrets: SECRETS };

function withKey(secretKey: string, logger?: Logger): Maker {
  const options = { secretKey, ...(logger === undefined ? {} : { logger }) };
  return { createHandler, openMillrace: async (target) => openMillrace(target, options) };
}

async function aSecretServer(target?: string, secretKey: string = aKey(), logger?: Logger): Promise<Bench> {
  return aServer({}, target, withKey(secretKey, logger));
}

function aWorkerAt(server: Bench): Promise<RemoteWorker> {
  return aRemoteWorker({ ask: server.ask as Parameters<typeof aRemoteWorker>[0]["ask"] }, { slots: 10 });
}

type WithSecrets = ClaimedJob & { readonly secrets?: Readonly<Record<string, string>> };

async function claimed(worker: RemoteWorker): Promise<WithSecrets> {
  const [job] = (await worker.claim()).body.jobs;
  if (job === undefined) throw new Error("there was no job to claim");
  return job;
}

/** All forms in which a value must not appear. */
function formsOf(value: string): readonly string[] {
  return [value, JSON.stringify(value).slice(1, -1), Buffer.from(value).toString("base64"), encodeURIComponent(value)];
}

function expectNowhere(places: Readonly<Record<string, string>>): void {
  for (const [where, text] of Object.entries(places)) {
    for (const value of [...Object.values(SECRETS), "MIIEvQIBADANBgkq"]) {
      for (const form of formsOf(value)) expect(text.includes(form), `${form} in ${where}`).toBe(false);
    }
  }
}

/** What every route that reads says of the job, and the metrics, and all streams once the job has ended. */
async function everythingSaidOf(server: Bench, job: Job): Promise<Record<string, string>> {
  const document = (await server.ask("GET", "/openapi.json")).body as { paths: Record<string, object> };
  const read = Object.keys(document.paths).filter((path) => "get" in (document.paths[path] ?? {}));
  const said: Record<string, string> = {};
  const places: Readonly<Record<string, string>> = {
    id: job.id,
    scope: job.scope,
    number: String(job.number),
    name: "x",
  };
  for (const route of read) {
    const path = route.replaceAll(/\{(\w+)\}/g, (_, name: string) => places[name] ?? name);
    for (const accept of ["application/json", "text/event-stream"]) {
      const headers = { Authorization: `Bearer ${API_KEY}`, Accept: accept, "Last-Event-ID": "0" };
      const response = await server.fetch(new Request(`http://server${path}`, { headers }));
      if (response.headers.get("content-type")?.startsWith("text/event-stream") === true) {
        said[`${route} as a stream`] = await firstOf(response);
      } else said[`${route} as ${accept}`] = await response.text();
    }
  }
  return said;
}

/** What a stream has said when it ends, or is silent. */
async function firstOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  let text = "";
  for (;;) {
    const silent = new Promise<undefined>((resolve) => void setTimeout(() => resolve(undefined), 300));
    const next = await Promise.race([reader?.read(), silent]);
    if (next === undefined || next.done) break;
    text += new TextDecoder().decode(next.value as Uint8Array);
  }
  await reader?.cancel();
  return text;
}

onEveryStore("secrets", (open) => {
  it("come with the claim, and are gone when the job has ended", async () => {
    const server = await open({}, undefined, withKey(aKey()));
    const worker = await aWorkerAt(server);
    const { body } = await server.ask("POST", "/v1/jobs", { ...ASKED, maxAttempts: 2 });
    expect(body).not.toHaveProperty("secrets");
    const { id } = body as Job;
    for (const attempt of [1, 2]) {
      const job = await claimed(worker);
      expect([job.id, job.attempt, job.secrets]).toEqual([id, attempt, SECRETS]);
      await worker.settle({ job: id, token: job.lease.token, outcome: "fail", error: "no", delayMs: 0 });
      await until(async () => (await server.mill.get(id))?.state !== "scheduled");
    }
    expect((await server.mill.get(id))?.state).toBe("failed");
    // A job like it has none, unless they are given again.
    await server.ask("POST", `/v1/jobs/${id}/retry`);
    const without = await claimed(worker);
    expect(without).not.toHaveProperty("secrets");
    const again = await server.ask("POST", `/v1/jobs/${id}/retry`, { secrets: { API_TOKEN: "another" } });
    expect(again.status).toBe(201);
    expect((await claimed(worker)).secrets).toEqual({ API_TOKEN: "another" });
  });
});

describe("secrets", () => {
  it("are kept for each job of a batch, and for who claims several at once", async () => {
    const server = await aSecretServer();
    const worker = await aRemoteWorker({ ask: server.ask as Parameters<typeof aRemoteWorker>[0]["ask"] }, { slots: 3 });
    const jobs = [
      { kind: "k", secrets: { A: "of the first" } },
      { kind: "k" },
      { kind: "k", secrets: { B: "of the last" } },
    ];
    await server.ask("POST", "/v1/jobs/batch", { jobs });
    const got = (await worker.claim(3)).body.jobs as readonly WithSecrets[];
    expect(got.map(({ secrets }) => secrets)).toEqual([{ A: "of the first" }, undefined, { B: "of the last" }]);
  });

  it("are in no answer, stream, metric, log line or file, whatever the worker says", async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-"));
    onTestFinished(async () => rm(folder, { recursive: true, force: true }));
    const lines: string[] = [];
    const line = (fields: object, message: string): void => void lines.push(JSON.stringify({ ...fields, message }));
    const logger = { debug: line, info: line, warn: line, error: line };
    const server = await aSecretServer(`sqlite:${join(folder, "store.db")}`, aKey(), logger);
    const echo = `${SECRETS.API_TOKEN} ${JSON.stringify(SECRETS)} ${Buffer.from(SECRETS.PEM).toString("base64")}`;
    const worker = await aWorkerAt(server);
    for (const outcome of ["complete", "fail", "cancel"] as const) {
      const { body } = await server.ask("POST", "/v1/jobs", { ...ASKED, maxAttempts: 1 });
      const { lease } = await claimed(worker);
      const held = { job: (body as Job).id, token: lease.token };
      await worker.heartbeat({ ...held, progress: { percent: 50, message: echo } });
      await worker.log({ ...held, text: echo }, { ...held, stream: "stderr", text: SECRETS.PEM });
      const half = await everythingSaidOf(server, body as Job);
      const end = {
        complete: { result: { echo, [SECRETS.API_TOKEN]: [echo] } },
        fail: { error: { name: SECRETS.API_TOKEN, message: echo } },
        cancel: { reason: echo },
      }[outcome];
      expect((await worker.settle({ ...held, outcome, ...end })).body.statuses).toEqual(["settled"]);
      expectNowhere({ ...half, ...(await everythingSaidOf(server, body as Job)) });
    }
    // They were taken out, and not all that was said with them.
    const [completed] = (await server.mill.list({ state: "completed" })).jobs;
    expect(JSON.stringify(completed?.result)).toContain("[secret API_TOKEN]");
    const said = await server.mill.logs(completed?.id ?? "");
    expect(said.map(({ text }) => text)).toContain("[secret PEM]");
    expect(lines.length).toBeGreaterThan(10);
    const files = await readdir(folder);
    const contents = await Promise.all(files.map(async (name) => [name, await readFile(join(folder, name), "latin1")]));
    expect(files).toContain("store.db");
    expectNowhere({ log: lines.join("\n"), ...(Object.fromEntries(contents) as Record<string, string>) });
  });

  it("are taken out by a server that did not hand them out", async () => {
    const key = aKey();
    const folder = await mkdtemp(join(tmpdir(), "millrace-"));
    onTestFinished(async () => rm(folder, { recursive: true, force: true }));
    const target = `sqlite:${join(folder, "store.db")}`;
    const [one, other] = [await aSecretServer(target, key), await aSecretServer(target, key)];
    const worker = await aWorkerAt(one);
    const { body } = await one.ask("POST", "/v1/jobs", ASKED);
    const { lease } = await claimed(worker);
    const held = { job: (body as Job).id, token: lease.token };
    const path = `/v1/workers/${worker.id}`;
    await other.ask("POST", `${path}/logs`, { entries: [{ ...held, text: SECRETS.API_TOKEN }] }, worker.key);
    const outcomes = [{ ...held, outcome: "complete", result: SECRETS.API_TOKEN }];
    await other.ask("POST", `${path}/settle`, { outcomes }, worker.key);
    expect((await one.mill.get(held.job))?.result).toBe("[secret API_TOKEN]");
    expect((await one.mill.logs(held.job)).map(({ text }) => text)).toEqual(["[secret API_TOKEN]"]);
  });

  it("are taken out for many jobs at once, however large they are", async () => {
    const server = await aSecretServer();
    const worker = await aRemoteWorker(
      { ask: server.ask as Parameters<typeof aRemoteWorker>[0]["ask"] },
      { slots: 10 },
    );
    // Together more than a server keeps at hand to look for.
    const large = Array.from({ length: 10 }, () => randomBytes(30_000).toString("hex"));
    const names = Array.from({ length: 16 }, (_, i) => `S${i}`);
    for (const value of large) {
      const secrets = Object.fromEntries(names.map((name) => [name, `${name} ${value}`]));
      await server.ask("POST", "/v1/jobs", { kind: "k", secrets });
    }
    const jobs = (await worker.claim(10)).body.jobs as readonly WithSecrets[];
    const said = (part: string): object[] =>
      jobs.map(({ id, lease, secrets }) => ({ job: id, token: lease.token, text: `${secrets?.[part]}` }));
    await worker.log(...said("S0"), ...said("S15"));
    await worker.log(...said("S7"));
    const logs = await Promise.all(jobs.map(async ({ id }) => server.mill.logs(id)));
    expect(logs.map((lines) => lines.map(({ text }) => text).toSorted())).toEqual(
      jobs.map(() => ["[secret S0]", "[secret S15]", "[secret S7]"]),
    );
  });

  it("need a key, without which nothing is enqueued", async () => {
    const server = await aServer();
    for (const [path, body] of [
      ["/v1/jobs", ASKED],
      ["/v1/jobs/batch", { jobs: [{ kind: "k" }, ASKED] }],
    ] as const) {
      const answer = await server.ask("POST", path, body);
      expect([answer.status, answer.body]).toEqual([
        400,
        expect.objectContaining({
          code: "request_invalid",
          detail: expect.stringMatching(/MILLRACE_SECRET_KEY/) as string,
        }),
      ]);
    }
    expect((await server.mill.list()).jobs).toEqual([]);
    expect((await server.ask("POST", "/v1/jobs", { kind: "k", secrets: {} })).status).toBe(201);
  });

  it("that are wrong are refused without a word of their values", async () => {
    const server = await aSecretServer();
    const wrong: readonly [unknown, RegExp][] = [
      [{ lower: "x-value" }, /a name is 1 to 64 of A-Z 0-9 _/],
      [{ "1ST": "x-value" }, /begins with no digit/],
      [{ ["A".repeat(65)]: "x-value" }, /a name is 1 to 64/],
      [{ A: "x-value".repeat(10_000) }, /A has 70000 bytes; at most 65536 are kept/],
      [{ A: ["x-value"] }, /secrets\.A/],
      [
        Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`A${i}`, "x-value ".repeat(8_000)])),
        /1088000 bytes together/,
      ],
      ["x-value", /secrets/],
      [
        Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`A${i}`, "x-value"])),
        /101 names; a job has at most 100/,
      ],
    ];
    for (const [secrets, why] of wrong) {
      const { status, body } = await server.ask("POST", "/v1/jobs", { kind: "k", secrets });
      expect(status).toBe(400);
      expect((body as { detail: string }).detail).toMatch(why);
      expect(JSON.stringify(body)).not.toContain("x-value");
    }
    const put = await server.ask("PUT", "/v1/schedules/nightly", { cron: "0 3 * * *", ...ASKED });
    expect(put.status).toBe(400);
    expect(JSON.stringify(put.body)).not.toContain(SECRETS.API_TOKEN);
  });

  it("are opened with an older key, and fail the attempt where none fits", async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-"));
    onTestFinished(async () => rm(folder, { recursive: true, force: true }));
    const target = `sqlite:${join(folder, "store.db")}`;
    const [old, fresh] = [aKey(), aKey()];
    const before = await aSecretServer(target, old);
    const { body } = await before.ask("POST", "/v1/jobs", { ...ASKED, maxAttempts: 1 });
    await before.ask("POST", "/v1/jobs", ASKED);
    const strange = await aSecretServer(target, fresh);
    expect((await (await aWorkerAt(strange)).claim()).body.jobs).toEqual([]);
    expect(await before.mill.get((body as Job).id)).toMatchObject({
      state: "failed",
      error: { name: "SecretsError", message: expect.stringMatching(/sealed with the key [\da-f]{8}/) as string },
    });
    const rotated = await aSecretServer(target, `${fresh},${old}`);
    expect((await claimed(await aWorkerAt(rotated))).secrets).toEqual(SECRETS);
  });

  it("fail the attempt at a server without a key, and get into no log through it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-"));
    onTestFinished(async () => rm(folder, { recursive: true, force: true }));
    const target = `sqlite:${join(folder, "store.db")}`;
    const [server, keyless] = [await aSecretServer(target), await aServer({}, target)];
    const { body } = await server.ask("POST", "/v1/jobs", ASKED);
    const worker = await aWorkerAt(server);
    const { lease } = await claimed(worker);
    const held = { job: (body as Job).id, token: lease.token };
    // What this server cannot take out it does not take in.
    const path = `/v1/workers/${worker.id}`;
    const entries = [{ ...held, text: SECRETS.API_TOKEN }];
    const outcomes = [{ ...held, outcome: "complete", result: SECRETS.API_TOKEN }];
    expect((await keyless.ask("POST", `${path}/logs`, { entries }, worker.key)).status).toBe(503);
    expect((await keyless.ask("POST", `${path}/settle`, { outcomes }, worker.key)).status).toBe(503);
    expect(await server.mill.logs(held.job)).toEqual([]);
    expect((await server.mill.get(held.job))?.state).toBe("running");

    const last = await server.ask("POST", "/v1/jobs", { ...ASKED, maxAttempts: 1 });
    expect((await (await aWorkerAt(keyless)).claim()).body.jobs).toEqual([]);
    expect(await server.mill.get((last.body as Job).id)).toMatchObject({
      state: "failed",
      error: { name: "SecretsError", message: expect.stringContaining("MILLRACE_SECRET_KEY") as string },
    });
  });

  it("are nothing to workers of another organisation, whatever lease they name", async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-"));
    onTestFinished(async () => rm(folder, { recursive: true, force: true }));
    const target = `sqlite:${join(folder, "store.db")}`;
    const server = await aSecretServer(target);
    const other = await server.ask("POST", "/v1/jobs", ASKED, await jwtFor("eve", "owner", "evil"));
    expect(other.status).toBe(201);
    const worker = await aWorkerAt(server);
    // The lease of another organisation is nobody's here: nothing is told of it, nor kept.
    const evil = await server.ask("POST", "/v1/workers", {}, await jwtFor("eve", "owner", "evil"));
    const { worker: id, key } = evil.body as { worker: string; key: string };
    const got = await server.ask("POST", `/v1/workers/${id}/claim`, {}, key);
    const [job] = (got.body as { jobs: readonly WithSecrets[] }).jobs;
    expect(job?.secrets).toEqual(SECRETS);
    const held = { job: job?.id, token: job?.lease.token };
    expect((await worker.settle({ ...held, outcome: "complete", result: "x" })).body.statuses).toEqual(["lease_lost"]);
    expect((await worker.log({ ...held, text: "x" })).body.statuses).toEqual(["lease_lost"]);
    // Nor by a server that could not decrypt them.
    const strange = await aSecretServer(target);
    const outcomes = [{ ...held, outcome: "complete", result: "x" }];
    const said = await strange.ask("POST", `/v1/workers/${worker.id}/settle`, { outcomes }, worker.key);
    expect([said.status, said.body]).toEqual([200, expect.objectContaining({ statuses: ["lease_lost"] })]);
  });
});
