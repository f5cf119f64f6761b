import { SignJWT } from "jose";
import { afterAll } from "vitest";
import { startMillrace, type Running } from "./spawn-millrace.ts";

export const KEY = "a-key-of-an-owner-with-forty-characters!";
const JWT_SECRET = "a-secret-for-jwts-with-forty-characters!";

/** Tests run beside each other, and what one has started is ended after the last. */
const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends) await end();
});

/** What is to be done when the tests of the file are over. */
export function atTheEnd(end: () => unknown): void {
  ends.push(end);
}

/** A server in a process of its own, and the environment for commands that work with it. */
export interface Serving extends Running {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
}

/** @param port 0 for one that is free */
export async function serve(cwd: string, port = 0): Promise<Serving> {
  const running = startMillrace(["serve", "--port", String(port), "--json"], {
    cwd,
    env: { MILLRACE_API_KEY: KEY, MILLRACE_JWT_SECRET: JWT_SECRET },
    // As long as all the commands that a test sends to it.
    limitMs: 120_000,
  });
  atTheEnd(() => running.child.kill("SIGKILL"));
  let stdout = "";
  running.child.stdout?.on("data", (text: string) => (stdout += text));
  await running.printed("Ctrl-C stops.");
  const { url } = JSON.parse(stdout) as { readonly url: string };
  return { ...running, url, env: { MILLRACE_SERVER: url, MILLRACE_KEY: KEY } };
}

/** The key of somebody with another role than that of the owner. */
export function keyFor(role: "member" | "viewer"): Promise<string> {
  return new SignJWT({ org: "default", role })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("ann")
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(JWT_SECRET));
}
