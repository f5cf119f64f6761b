import { randomBytes } from "node:crypto";
import { openMillrace, type Millrace } from "millrace";
import { expect, onTestFinished } from "vitest";
import type { HandlerOptions } from "../../src/http/index.ts";
import { aServer, type Bench } from "./bench.ts";

const SECRET_KEY = randomBytes(32).toString("base64");

export interface Hook {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
}

/** A server that can sign, and may tell programs on this machine. */
export async function aTeller(options: Partial<HandlerOptions> = {}, target = "memory:"): Promise<Bench> {
  const mill = await openMillrace(target, { secretKey: SECRET_KEY });
  onTestFinished(() => mill.close());
  return { ...(await aServer({ mill, webhooks: { allowPrivate: true }, ...options })), mill };
}

export async function addHook(
  { ask }: Pick<Bench, "ask">,
  url: string,
  events?: readonly string[],
  key?: string,
): Promise<Hook> {
  const { status, body } = await ask("POST", "/v1/webhooks", { url, events }, key);
  expect({ status, body }).toMatchObject({ status: 201 });
  return body as Hook;
}

/** The jobs that deliver to a hook. */
export async function deliveriesOf(mill: Millrace, hook: Hook, state?: "completed" | "scheduled" | "cancelled") {
  const { jobs } = await mill.list({ group: hook.id, ...(state === undefined ? {} : { state }) }, { limit: 1_000 });
  return jobs;
}
