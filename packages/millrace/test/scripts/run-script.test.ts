import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PermanentError } from "../../src/core/errors.ts";
import { isOutcome } from "../../src/core/outcome.ts";
import {
  PERMANENT_EXIT_CODE,
  runScript,
  type ScriptContext,
  ScriptError,
  SNOOZE_EXIT_CODE,
} from "../../src/scripts/run-script.ts";
import { startProblem } from "../../src/scripts/start-problem.ts";
import { Attempt, shellScript, temporaryFolder, writeScript } from "./attempt.ts";
import { aJob } from "./job.ts";

/** Run a shell script to its end. */
async function runShell(lines: readonly string[], payload: unknown = {}, ctx = new Attempt()) {
  const { path } = shellScript(...lines);
  return { ctx, result: await runScript({ path }, aJob(payload), ctx) };
}

/** A program of Node, since its output is to be exact. */
function nodeScript(...lines: readonly string[]): string {
  return writeScript(temporaryFolder(), "script.mjs", lines, 0o644);
}

describe("a script gets", () => {
  it("its payload on the standard input and in variables", async () => {
    const { result } = await runShell(
      [
        "read -r line",
        'echo "{\\"line\\":$line,\\"variable\\":$MILLRACE_PAYLOAD,\\"source\\":\\"$MILLRACE_INPUT_SOURCE\\"}"',
      ],
      { source: "a.mov", width: 3 },
    );
    const payload = { source: "a.mov", width: 3 };
    expect(result).toEqual({ line: payload, variable: payload, source: "a.mov" });
  });

  it("what its job is, in variables", async () => {
    const { path } = shellScript(
      'echo "[\\"$MILLRACE_JOB_ID\\",\\"$MILLRACE_NUMBER\\",\\"$MILLRACE_SCOPE\\",\\"$MILLRACE_QUEUE\\",\\"$MILLRACE_KIND\\",\\"$MILLRACE_ATTEMPT\\",\\"$MILLRACE_TOKEN\\"]"',
    );
    const job = aJob({}, { number: 42, scope: "films", queue: "media", kind: "cut", attempt: 2 });
    expect(await runScript({ path }, job, new Attempt())).toEqual([job.id, "42", "films", "media", "cut", "2", "5"]);
  });

  it("a payload of a mebibyte, on the standard input only", async () => {
    const path = nodeScript(
      'import { createHash } from "node:crypto";',
      'let text = "";',
      'for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;',
      'const sum = createHash("sha256").update(JSON.parse(text).text).digest("hex");',
      "console.log(JSON.stringify({ sum, variable: process.env.MILLRACE_PAYLOAD ?? null }));",
    );
    const text = "🐢".repeat(250_000);
    const sum = createHash("sha256").update(text).digest("hex");
    expect(await runScript({ path }, aJob({ text }), new Attempt())).toEqual({ sum, variable: null });
  });

  it("the arguments and the folder it is given, and no secrets of the worker", async () => {
    const folder = temporaryFolder();
    const { path } = shellScript('echo "[\\"$1\\",\\"$2\\",\\"$(pwd -P)\\",\\"$GREETING\\",\\"$MILLRACE_KEY\\"]"');
    const env = { PATH: "/usr/bin:/bin", GREETING: "hello", MILLRACE_KEY: "secret" };
    const result = await runScript({ path }, aJob(), new Attempt(), { args: ["a b", "c"], cwd: folder, env });
    expect(result).toEqual(["a b", "c", realpathSync(folder), "hello", ""]);
  });

  it("no broken pipe of ours when it does not read its input", async () => {
    const { result } = await runShell(["exec <&-", "echo '{\"done\":true}'"], { text: "x".repeat(900_000) });
    expect(result).toEqual({ done: true });
  });
});

describe("what a script prints", () => {
  it("becomes the log, the progress and the result of its job", async () => {
    const { ctx, result } = await runShell([
      "echo first",
      "echo '::progress 40 second pass'",
      "echo '{\"size\":12}'",
      "echo oops >&2",
      "echo last",
    ]);
    expect(result).toEqual({ size: 12 });
    expect(ctx.progressed).toEqual([[40, "second pass"]]);
    expect(ctx.lines.filter((line) => line.startsWith("stdout"))).toEqual([
      "stdout: first",
      'stdout: {"size":12}',
      "stdout: last",
    ]);
    expect(ctx.lines).toContain("stderr: oops");
  });

  it("is no result when there is no line of JSON", async () => {
    expect((await runShell(["echo done"])).result).toBeUndefined();
  });

  it("arrives whole when it is 5 MB", async () => {
    const path = nodeScript(
      'import { once } from "node:events";',
      'const line = "x".repeat(99);',
      "for (let at = 0; at < 50_000; at++) {",
      '  if (!process.stdout.write(line + "\\n")) await once(process.stdout, "drain");',
      "}",
      "console.log(JSON.stringify({ lines: 50_000 }));",
    );
    const ctx = new Attempt();
    expect(await runScript({ path }, aJob(), ctx)).toEqual({ lines: 50_000 });
    expect(ctx.lines).toHaveLength(50_001);
    expect(new Set(ctx.lines.slice(0, -1))).toEqual(new Set([`stdout: ${"x".repeat(99)}`]));
  });

  it("does not block it when both streams hold more than a pipe takes", async () => {
    const { ctx, result } = await runShell([
      "head -c 300000 /dev/zero | tr '\\0' 'e' >&2",
      "head -c 300000 /dev/zero | tr '\\0' 'o'",
      "echo; echo '[1]'",
    ]);
    expect(result).toEqual([1]);
    expect(ctx.lines.map((line) => line.length)).toContain("stdout: ".length + 8_192);
  });

  it("may be binary noise", async () => {
    const noise = temporaryFolder();
    writeFileSync(
      join(noise, "noise"),
      Buffer.from(Array.from({ length: 2_000_000 }, (_, at) => (at * at * 31) % 256)),
    );
    const { ctx, result } = await runShell([
      `cat '${noise}/noise' '${noise}/noise' >&2`,
      `cat '${noise}/noise'`,
      "echo",
      "echo '{}'",
    ]);
    expect(result).toEqual({});
    expect(Math.max(...ctx.lines.map((line) => line.length))).toBeLessThanOrEqual("stdout: ".length + 8_192);
  });

  it("keeps characters whole, however they are written", async () => {
    const path = nodeScript(
      'const bytes = Buffer.from(JSON.stringify({ text: "żółw 🐢 日本" }) + "\\n");',
      "for (const byte of bytes) await new Promise((done) => process.stdout.write(Buffer.from([byte]), done));",
    );
    expect(await runScript({ path }, aJob(), new Attempt())).toEqual({ text: "żółw 🐢 日本" });
  });

  it("ends the script when it cannot be kept, and the attempt fails with the reason", async () => {
    const ctx = new Attempt();
    const broken: ScriptContext = {
      signal: ctx.signal,
      token: ctx.token,
      progress: ctx.progress,
      log: ctx.log,
      output(stream, text) {
        ctx.output(stream, text);
        throw new Error("the log is full");
      },
    };
    const { path } = shellScript("echo started", "exec sleep 600");
    await expect(runScript({ path }, aJob(), broken)).rejects.toThrow("the log is full");
    expect(ctx.lines).toEqual(["stdout: started"]);
  });
});

describe("the end of a script", () => {
  it("with exit code 64 is a failure for good, with the last lines of its stderr", async () => {
    expect(PERMANENT_EXIT_CODE).toBe(64);
    const { path } = shellScript("echo 'no such preset' >&2", "exit 64");
    const ended = runScript({ path }, aJob(), new Attempt());
    await expect(ended).rejects.toThrow(PermanentError);
    await expect(ended).rejects.toThrow(
      "script.sh ended with exit code 64; the last lines of its stderr:\nno such preset",
    );
  });

  it("with exit code 75 is a snooze of a minute", async () => {
    expect(SNOOZE_EXIT_CODE).toBe(75);
    const { result } = await runShell(["exit 75"]);
    expect(isOutcome(result) && result).toMatchObject({ type: "snooze", delayMs: 60_000 });
  });

  it("with any other exit code is a failed attempt, whatever it had printed", async () => {
    const { path } = shellScript("echo '{\"done\":true}'", "echo one >&2", "echo two >&2", "exit 3");
    const ended = runScript({ path }, aJob(), new Attempt());
    await expect(ended).rejects.toBeInstanceOf(ScriptError);
    await expect(ended).rejects.toMatchObject({
      name: "ScriptError",
      exitCode: 3,
      signal: null,
      message: "script.sh ended with exit code 3; the last lines of its stderr:\none\ntwo",
    });
  });

  it("by a signal is a failed attempt that names it", async () => {
    const { path } = shellScript("kill -KILL $$");
    await expect(runScript({ path }, aJob(), new Attempt())).rejects.toMatchObject({
      exitCode: null,
      signal: "SIGKILL",
      message: "script.sh was ended by SIGKILL",
    });
  });
});

describe("a script that cannot start fails for good", () => {
  async function startOf(path: string, env?: NodeJS.ProcessEnv) {
    return runScript({ path }, aJob(), new Attempt(), env === undefined ? {} : { env }).catch(
      (error: unknown) => error,
    );
  }

  it("when its file is gone, naming it", async () => {
    const { path, folder } = shellScript("exit 0");
    rmSync(path);
    expect(await startOf(path)).toMatchObject({
      permanent: true,
      message: `the script ${folder}/script.sh is not there any more`,
    });
  });

  it("when it is no file", async () => {
    const folder = join(temporaryFolder(), "script.sh");
    mkdirSync(folder);
    expect(await startOf(folder)).toMatchObject({
      permanent: true,
      message: expect.stringContaining("is not a file") as string,
    });
  });

  it("when the program of its first line is missing, naming that", async () => {
    const folder = temporaryFolder();
    for (const line of ["#!/usr/bin/env no-such-program", "#!/opt/no-such-program -x"]) {
      const error = await startOf(writeScript(folder, "script.py", [line, "exit"]));
      expect(error).toMatchObject({
        permanent: true,
        message: expect.stringContaining("needs no-such-program") as string,
      });
    }
  });

  it("when the program for its extension is missing, naming that", async () => {
    const folder = temporaryFolder();
    const path = writeScript(folder, "script.rb", "puts 1\n", 0o644);
    expect(await startOf(path, { PATH: folder })).toMatchObject({
      permanent: true,
      message: expect.stringContaining("needs ruby") as string,
    });
  });

  it("when it was saved with Windows line ends, saying so", async () => {
    const path = writeScript(temporaryFolder(), "script.sh", "#!/bin/sh\r\nexit 0\r\n");
    expect(await startOf(path)).toMatchObject({ permanent: true, message: expect.stringContaining("CR LF") as string });
  });

  it("when nothing tells what runs it", async () => {
    const folder = temporaryFolder();
    const marked = await startOf(writeScript(folder, "marked", ["#!/no/such/sh", "exit"], 0o644));
    expect(marked).toMatchObject({ permanent: true, message: expect.stringContaining("chmod +x") as string });
    const plain = await startOf(writeScript(folder, "plain", "hello\n", 0o644));
    expect(plain).toMatchObject({ permanent: true, message: expect.stringContaining('begin it with "#!"') as string });
  });

  it("when the folder it should run in is missing", async () => {
    const { path, folder } = shellScript("exit 0");
    const started = runScript({ path }, aJob(), new Attempt(), { cwd: join(folder, "gone") });
    await expect(started).rejects.toMatchObject({
      permanent: true,
      message: expect.stringContaining("which is no folder") as string,
    });
  });
});

describe("whether a script could start", () => {
  it("is told beforehand", async () => {
    const folder = temporaryFolder();
    const path = writeScript(folder, "script.sh", ["#!/usr/bin/env sh", "exit 64"]);
    expect(await startProblem({ path })).toBeUndefined();
    expect(await startProblem({ path }, { env: { PATH: folder } })).toBe(
      `the script ${path} needs sh, and there is no sh on this machine`,
    );
  });
});

describe("what runs a script", () => {
  it("is its first line when it is executable, whatever its extension", async () => {
    const path = writeScript(temporaryFolder(), "script.py", ["#!/bin/sh", "echo '[1]'"]);
    expect(await runScript({ path }, aJob(), new Attempt())).toEqual([1]);
  });

  it("is its first line when it is not executable, too", async () => {
    const path = writeScript(temporaryFolder(), "script", ["#!/bin/sh -e", "false || echo '[2]'"], 0o644);
    expect(await runScript({ path }, aJob(), new Attempt())).toEqual([2]);
  });

  it("is the program for its extension when it has no first line", async () => {
    const path = writeScript(
      temporaryFolder(),
      "script.ts",
      "const n: number = 3;\nconsole.log(JSON.stringify([n]));\n",
      0o644,
    );
    expect(await runScript({ path }, aJob(), new Attempt())).toEqual([3]);
  });

  it("is never a shell: a path with blanks and quotes is fine", async () => {
    const folder = join(temporaryFolder(), `a b'c"d$(touch x)`);
    mkdirSync(folder);
    const path = writeScript(folder, "it's.sh", ["#!/bin/sh", "echo '[4]'"]);
    expect(await runScript({ path }, aJob(), new Attempt())).toEqual([4]);
    expect(existsSync("x")).toBe(false);
    expect(readFileSync(path, "utf8")).toContain("[4]");
  });
});
