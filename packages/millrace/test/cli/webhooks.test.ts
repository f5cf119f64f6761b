import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { afterAll, describe, expect, it } from "vitest";
import { aReceiver } from "../http/webhook-receiver.ts";
import { startMillrace, type Running } from "./spawn-millrace.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();
const started: Running[] = [];
afterAll(() => {
  for (const { child } of started) child.kill("SIGKILL");
});

const KEY = "a-key-of-an-owner-with-forty-characters!";
const env = { MILLRACE_API_KEY: KEY, MILLRACE_SECRET_KEY: randomBytes(32).toString("hex") };

async function serve(...args: readonly string[]) {
  const running = startMillrace(["serve", "--port", "0", ...args], { cwd: await folders.create(), env });
  started.push(running);
  let stdout = "";
  running.child.stdout?.on("data", (text: string) => (stdout += text));
  await running.printed("Ctrl-C stops.");
  const url = /http:\S+/.exec(stdout)?.[0] ?? "";
  const post = async (path: string, body: object): Promise<Response> =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  return { ...running, post };
}

describe("serve", () => {
  it("tells webhooks what happens, on this machine when it is allowed to, and ends in order", async () => {
    const receiver = await aReceiver();
    const { post, child, ended } = await serve("--allow-private-webhooks");
    const hook = (await (await post("/v1/webhooks", { url: receiver.url })).json()) as { id: string; secret: string };
    const { id } = (await (await post("/v1/jobs", { kind: "k" })).json()) as { id: string };
    const [told] = await receiver.has(1);
    const headers = told?.headers as Record<string, string>;
    expect(new Webhook(hook.secret).verify(told?.body ?? "", headers)).toMatchObject({
      type: "enqueued",
      data: { job: id },
    });
    child.kill("SIGTERM");
    const { exitCode, stderr, ms } = await ended;
    expect(exitCode).toBe(0);
    expect(ms).toBeLessThan(20_000);
    expect(stderr).toContain(hook.id);
    expect(stderr).not.toContain(hook.secret);
    expect(stderr).not.toContain('"level":"warn"');
  });

  it("refuses webhooks on this machine unless it is allowed to", async () => {
    const { post } = await serve();
    const refused = await post("/v1/webhooks", { url: "http://127.0.0.1:8080/" });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ detail: "url: it leads to 127.0.0.1, which is no public address" });
  });
});
