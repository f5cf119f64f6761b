import { connect } from "node:net";
import * as fc from "fast-check";
import { SignJWT } from "jose";
import { expect, it, onTestFinished } from "vitest";
import { startMillrace } from "../cli/spawn-millrace.ts";
import { RAW_REQUESTS } from "./fuzz/raw-requests.ts";
import { requestsTo, type FuzzRequest, type OpenApi } from "./fuzz/requests.ts";
import { Scene } from "./scene.ts";

/** `MILLRACE_SECONDS=600` for longer, `MILLRACE_SEED=…` for what was sent before. */
const SECONDS = Number(process.env["MILLRACE_SECONDS"] ?? 120);
const SEED = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1_000_000);
const LIMIT_MS = SECONDS * 1_000 + 120_000;
const AT_ONCE = 8;
/** What goes wrong then is nothing new. */
const MOST_WRONG = 5;
/** Streams and claims that wait do not end by themselves. */
const PATIENCE_MS = 1_000;
const SECRET = "the-secret-of-the-tokens-while-it-is-fuzzed";
const ROLES = ["owner", "owner", "owner", "admin", "member", "viewer", "worker"] as const;

/** What the server has told, by the names of the fields, and what it gave out to be shown again. */
class Memory {
  readonly #byName = new Map<string, unknown[]>();
  /** Keys of workers by the worker's id. */
  readonly workerKeys = new Map<string, string>();
  #next = 0;

  readonly heard = (name: string): unknown => {
    const all = this.#byName.get(name) ?? [];
    return all[this.#next++ % Math.max(1, all.length)];
  };

  learn(value: unknown, name = ""): void {
    if (Array.isArray(value)) for (const each of value.slice(0, 5)) this.learn(each, name);
    else if (typeof value === "object" && value !== null) {
      const fields = value as Record<string, unknown>;
      for (const [key, each] of Object.entries(fields)) this.learn(each, key);
      const { worker, key } = fields;
      // A job tells its worker and its own key too.
      if (typeof worker === "string" && typeof key === "string" && key.startsWith("mrw_")) {
        this.workerKeys.set(worker, key);
      }
    } else if (name !== "" && value !== null) {
      this.#keep(name === "nextCursor" ? "cursor" : name, value);
      // What it names, `job` or `worker`: routes ask for it by that.
      const [kind] = typeof value === "string" ? (/^[a-z]+(?=_)/.exec(value) ?? []) : [];
      if (kind !== undefined) this.#keep(kind, value);
    }
  }

  #keep(name: string, value: unknown): void {
    const all = this.#byName.get(name) ?? [];
    this.#byName.set(name, all);
    all.unshift(value);
    all.length = Math.min(all.length, 50);
  }
}

it(
  `answers ${SECONDS} s of random and malicious requests, none of them with 5xx, and keeps its data in order`,
  { timeout: LIMIT_MS },
  async () => {
    process.stdout.write(`fuzz with MILLRACE_SEED=${SEED}\n`);
    const scene = Scene.on();
    const server = startMillrace(["serve", "--port", "0", "--json", "--store", scene.url], {
      cwd: scene.folder,
      limitMs: LIMIT_MS,
      env: { MILLRACE_JWT_SECRET: SECRET, MILLRACE_SECRET_KEY: Buffer.alloc(32, 7).toString("base64") },
    });
    onTestFinished(() => void server.child.kill("SIGKILL"));
    let stdout = "";
    server.child.stdout?.on("data", (text: string) => (stdout += text));
    await server.printed("Ctrl-C stops.");
    const { url } = JSON.parse(stdout) as { readonly url: string };
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi;
    const memory = new Memory();
    const arbitrary = requestsTo(document, memory.heard);
    const countByStatus: Record<number, number> = {};
    const wrong: string[] = [];
    const end = performance.now() + SECONDS * 1_000;

    const send = async (request: FuzzRequest, key: string): Promise<void> => {
      const answer = await answerTo(url, request, key);
      countByStatus[answer.status] = (countByStatus[answer.status] ?? 0) + 1;
      memory.learn(answer.body);
      const problem = problemWith(answer);
      if (problem !== undefined) wrong.push(`${problem}: ${described(request)}\n${answer.text.slice(0, 500)}`);
    };
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, place) => {
        for (let round = 0; performance.now() < end && wrong.length < MOST_WRONG; round++) {
          const seed = SEED + place * 1_000_000 + round;
          const requests = fc.sample(arbitrary, { numRuns: 50, seed });
          // Somebody new each time: how many requests each may send is not what is asked here.
          const key = await jwtOf(`${place}-${round}`, ROLES[(place + round) % ROLES.length] ?? "owner");
          for (const request of requests) {
            if (wrong.length >= MOST_WRONG) return;
            const worker = /^\/v1\/workers\/([^/?]+)/.exec(request.path)?.[1] ?? "";
            await send(request, memory.workerKeys.get(decodeURIComponent(worker)) ?? key);
          }
          await sendRaw(url, RAW_REQUESTS[(place + round) % RAW_REQUESTS.length] ?? "", key);
        }
      }),
    );

    // What it said before it died is what is worth knowing.
    if (server.child.exitCode !== null || server.child.signalCode !== null) {
      expect.fail(`the server ended: ${JSON.stringify(await server.ended).slice(-5_000)}`);
    }
    process.stdout.write(`answers by status: ${JSON.stringify(countByStatus)}\n`);
    expect(wrong).toEqual([]);
    // It got past the validation, and was told no for many reasons.
    expect(Object.keys(countByStatus)).toEqual(expect.arrayContaining(["200", "201", "400", "403", "404", "409"]));
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: "ok" });
    server.child.kill("SIGTERM");
    expect(await server.ended).toMatchObject({ exitCode: 0, signal: null });
    const mill = await scene.open();
    expect((await mill.verify()).violations).toEqual([]);
  },
);

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly body: unknown;
}

async function answerTo(url: string, { method, path, headers, body }: FuzzRequest, key: string): Promise<Answer> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const init = { method, headers: { authorization: `Bearer ${key}`, ...headers }, signal: patience };
  try {
    const answer = await fetch(`${url}${path}`, { ...init, body: method === "GET" || method === "HEAD" ? null : body });
    const type = answer.headers.get("content-type") ?? "";
    if (type.startsWith("text/event-stream")) {
      await answer.body?.cancel();
      return { status: answer.status, type, text: "", body: null };
    }
    const text = await answer.text();
    return { status: answer.status, type, text, body: type.includes("json") && text !== "" ? JSON.parse(text) : null };
  } catch (error) {
    // A claim that waits for longer than we do; whatever else cuts a connection is the server's doing.
    if (patience.aborted) return { status: 0, type: "", text: "", body: null };
    return { status: 599, type: "", text: String((error as Error).cause ?? error), body: null };
  }
}

/** What an answer must not be, whatever was asked. */
function problemWith({ status, type, body }: Answer): string | undefined {
  if (status >= 500) return `answered with ${status}`;
  if (status < 400) return undefined;
  if (!type.startsWith("application/problem+json")) return `${status} as "${type}"`;
  const { code, requestId, detail } = body as Record<string, unknown>;
  const isTold = typeof code === "string" && typeof requestId === "string" && typeof detail === "string";
  return isTold ? undefined : `${status} without code, requestId and detail`;
}

/** @throws Error when the server answers with 5xx; that it cuts the connection is its right */
async function sendRaw(url: string, request: string, key: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const said = await new Promise<string>((resolve) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.write(request.replaceAll("KEY", key), "latin1"));
    const timer = setTimeout(() => socket.destroy(), 200);
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
  const failed = /^HTTP\/1\.1 5\d\d.*/m.exec(said);
  if (failed !== null) throw new Error(`${failed[0]} to ${JSON.stringify(request.slice(0, 300))}`);
}

function jwtOf(sub: string, role: string): Promise<string> {
  return new SignJWT({ org: "default", role })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(sub)
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(SECRET));
}

function described({ method, path, headers, body }: FuzzRequest): string {
  const sent =
    typeof body === "string" ? body.slice(0, 2_000) : body === null ? "" : Buffer.from(body).toString("base64");
  return `${method} ${path.slice(0, 500)} ${JSON.stringify(headers)} ${sent}`;
}
