import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { openMillrace, type Millrace } from "millrace";
import { onTestFinished } from "vitest";
import { createHandler, type Handler, type HandlerOptions } from "../../src/http/index.ts";
import type { Role } from "../../src/core/role.ts";

export const API_KEY = "an-api-key-of-thirty-two-characters-or-more";
export const JWT_SECRET = "a-jwt-secret-of-thirty-two-characters-or-more";

/** A server without a socket, on a store in memory, and ways to ask it. */
export interface Bench extends Handler {
  readonly mill: Millrace;
  /** Ask as the owner, or with another key; `null` for none. */
  readonly ask: (method: string, path: string, body?: unknown, key?: string | null) => Promise<Answer>;
  readonly end: () => Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** What was said, if anything. Tests say by what they expect of it what it should be. */
  readonly body: unknown;
}

/** What a server is made with. */
export interface Maker {
  readonly createHandler: typeof createHandler;
  readonly openMillrace: typeof openMillrace;
}

export const OURS: Maker = { createHandler, openMillrace };

/**
 * A server that is gone when the test is.
 * @param maker another than ours, for who tells them apart
 */
export async function aServer(options?: Partial<HandlerOptions>, target?: string, maker?: Maker): Promise<Bench> {
  const bench = await openBench(options, target, maker);
  onTestFinished(async () => bench.end());
  return bench;
}

/** A server that whoever opens it ends. */
export async function openBench(
  options: Partial<HandlerOptions> = {},
  target = "memory:",
  maker: Maker = OURS,
): Promise<Bench> {
  const mill = await maker.openMillrace(target);
  // Made when a test sends the first artifact.
  const artifacts = join(tmpdir(), `millrace-artifacts-${crypto.randomUUID()}`);
  const handler = maker.createHandler({ mill, artifacts, apiKey: API_KEY, jwtSecret: JWT_SECRET, ...options });
  const end: Bench["end"] = async () => {
    handler.close();
    await mill.close();
    await rm(artifacts, { recursive: true, force: true });
  };
  const ask: Bench["ask"] = async (method, path, body, key = API_KEY) => {
    const headers = new Headers();
    if (key !== null) headers.set("Authorization", `Bearer ${key}`);
    if (body !== undefined) headers.set("Content-Type", "application/json");
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await handler.fetch(new Request(`http://server${path}`, init));
    const said = await response.text();
    const answer: unknown = said === "" ? undefined : JSON.parse(said);
    return { status: response.status, headers: response.headers, body: answer };
  };
  return { ...handler, mill, ask, end };
}

/** The key of somebody with a role in an organisation. */
export function jwtFor(sub: string, role: Role, org = "default"): Promise<string> {
  const secret = new TextEncoder().encode(JWT_SECRET);
  return new SignJWT({ org, role })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(sub)
    .setExpirationTime("1h")
    .sign(secret);
}
