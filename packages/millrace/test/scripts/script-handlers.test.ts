import { describe, expect, it } from "vitest";
import type { Handler, HandlerContext } from "../../src/core/handler.ts";
import type { Job } from "../../src/core/job.ts";
import {
  loadScripts,
  scriptHandlers,
  type ScriptHandler,
  type ScriptHandlersOptions,
} from "../../src/scripts/index.ts";
import { Attempt, living, temporaryFolder, writeScript } from "./attempt.ts";
import { aJob } from "./job.ts";

async function handlersFor(text: readonly string[], options: ScriptHandlersOptions = {}): Promise<ScriptHandler> {
  const folder = temporaryFolder();
  writeScript(folder, "script.sh", ["#!/bin/sh", ...text]);
  const [handler] = scriptHandlers((await loadScripts([folder])).scripts, options);
  if (handler === undefined) throw new Error("no script was found");
  return handler;
}

async function run(
  handler: Handler,
  payload: unknown,
  timeoutMs: number | null = null,
  ctx = new Attempt(),
): Promise<unknown> {
  return handler(aJob(payload, { timeoutMs }) as Job, ctx as unknown as HandlerContext);
}

describe("the handlers of scripts", () => {
  it("have the kind, queue and time limit of their script", async () => {
    const header = ["# name: cut", "# queue: media", "# timeout: 5m", "# maxAttempts: 7", "# requires: ffmpeg"];
    const { kind, queue, timeoutMs, definition } = await handlersFor(header);
    expect({ kind, queue, timeoutMs }).toEqual({ kind: "cut", queue: "media", timeoutMs: 300_000 });
    expect(definition).toMatchObject({
      kind: "cut",
      queue: "media",
      options: { timeoutMs: 300_000, maxAttempts: 7, requires: ["ffmpeg"] },
    });
  });

  it("tell the script the secrets of its job, under names that no variable of the worker has", async () => {
    const { handler } = await handlersFor([
      'printf \'{"token":"%s","path":"%s"}\' "$MILLRACE_JOB_SECRET_TOKEN" "$PATH"',
    ]);
    const attempt = new Attempt();
    attempt.given = { TOKEN: "t0ken", PATH: "/evil" };
    for (const timeoutMs of [null, 5_000]) {
      const { PATH } = process.env;
      expect(await run(handler, {}, timeoutMs, attempt)).toEqual({ token: "t0ken", path: PATH });
    }
  });

  it("take the time limit of the class where there is no other, and 300 s without either", async () => {
    expect(await handlersFor([])).toMatchObject({ kind: "script", queue: "scripts", timeoutMs: 300_000 });
    expect(await handlersFor(["# task_class: LLM_HEAVY"])).toMatchObject({ timeoutMs: 1_200_000 });
    expect(await handlersFor(["# task_class: LLM_HEAVY", "# timeout: 7"])).toMatchObject({ timeoutMs: 7_000 });
    const options = { timeoutClasses: { LLM_HEAVY: 1_000, OURS: 2_000 }, queue: "desk", defaultTimeoutMs: 3_000 };
    expect(await handlersFor(["# task_class: LLM_HEAVY"], options)).toMatchObject({ timeoutMs: 1_000 });
    expect(await handlersFor(["# task_class: OURS"], options)).toMatchObject({ timeoutMs: 2_000 });
    expect(await handlersFor([], options)).toMatchObject({ timeoutMs: 3_000, queue: "desk" });
  });

  it("tell of a class that does not exist", async () => {
    const warnings: string[] = [];
    const handler = await handlersFor(["# task_class: SLOW"], { onWarning: (text) => warnings.push(text) });
    expect(handler.timeoutMs).toBe(300_000);
    expect(warnings).toEqual([expect.stringMatching(/there is no task_class "SLOW"; known are FAST_SCRIPT, /)]);
  });

  it("refuse options that do not exist, all at once", async () => {
    const wrong = { killGraceMS: 5, queues: "a" } as ScriptHandlersOptions;
    await expect(handlersFor([], wrong)).rejects.toThrow(/did you mean "killGraceMs".*did you mean "queue"/);
  });

  it("run their script", async () => {
    const { handler } = await handlersFor(["# inputs: source (required)", 'echo "[\\"$MILLRACE_INPUT_SOURCE\\"]"']);
    expect(await run(handler, { source: "a" })).toEqual(["a"]);
  });

  it.each([[{}], [{ source: null, size: 1 }], [null], ["text"], [[1]]])(
    "refuse the payload %j without a required input, naming it",
    async (payload) => {
      const { handler } = await handlersFor(["# inputs: source (required), size", "echo '[1]'"]);
      await expect(run(handler, payload)).rejects.toMatchObject({
        code: "payload_invalid",
        message: 'the payload of "script" is wrong: source: is required',
        details: { fields: [{ path: "source", message: "is required" }] },
      });
    },
  );

  it("keep the script's time limit for a job that has none", async () => {
    const { handler } = await handlersFor([
      "# timeout: 0.3",
      "trap 'exit 0' TERM",
      'echo "pids $$"',
      "while :; do sleep 0.05; done",
    ]);
    const ctx = new Attempt();
    const ended = run(handler, {}, null, ctx);
    await expect(ended).rejects.toMatchObject({ code: "attempt_timeout", details: { timeoutMs: 300 } });
    expect(living(await ctx.pids())).toEqual([]);
  });

  it("leave the time to the worker for a job with a limit of its own", async () => {
    const { handler } = await handlersFor(["# timeout: 0.05", "sleep 0.2", "echo '[1]'"]);
    expect(await run(handler, {}, 10_000)).toEqual([1]);
  });
});
