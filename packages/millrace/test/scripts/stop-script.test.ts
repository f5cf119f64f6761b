import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { AttemptTimeoutError, CancelledError, LeaseLostError } from "../../src/core/errors.ts";
import { runScript } from "../../src/scripts/run-script.ts";
import { Attempt, killLater, living, reaped, shellScript, temporaryFolder, writeScript } from "./attempt.ts";
import { aJob } from "./job.ts";

/** Start a shell script, without waiting for its end. */
function start(lines: readonly string[], killGraceMs?: number) {
  const { path, folder } = shellScript(...lines);
  const ctx = new Attempt();
  const options = { cwd: folder, ...(killGraceMs === undefined ? {} : { killGraceMs }) };
  const ended = runScript({ path }, aJob(), ctx, options).then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  return { ctx, folder, ended };
}

/** What ignores SIGTERM, in a process of its own below the script. */
const STUBBORN = `sh -c 'trap "" TERM; echo stubborn $$; while :; do sleep 600; done' &`;

describe("a script that is stopped", () => {
  it("gets SIGTERM and may put things in order", async () => {
    const { ctx, folder, ended } = start([
      "trap 'echo tidy > tidied; exit 0' TERM",
      'echo "pids $$"',
      "while :; do sleep 0.05; done",
    ]);
    const pids = await ctx.pids();
    const reason = new CancelledError("not needed");
    ctx.stop(reason);
    expect(await ended).toEqual({ error: reason });
    expect(readFileSync(join(folder, "tidied"), "utf8")).toBe("tidy\n");
    expect(living(pids)).toEqual([]);
  });

  it("fails with the reason of the stop, even when it then ends with exit code 0 and a result", async () => {
    const { ctx, ended } = start(["trap 'echo \"{}\"; exit 0' TERM", 'echo "pids $$"', "while :; do sleep 0.05; done"]);
    await ctx.pids();
    const reason = new AttemptTimeoutError(10);
    ctx.stop(reason);
    expect(await ended).toEqual({ error: reason });
  });

  it("takes its children and theirs along, and those that ignore SIGTERM are killed after the grace", async () => {
    const { ctx, ended } = start(
      [STUBBORN, "a=$!", '(sleep 600 & echo "pids $$ $a $!"; wait) &', "trap '' TERM", "wait", "wait"],
      50,
    );
    await ctx.line(/^stdout: stubborn/);
    const pids = await ctx.pids();
    expect(living(pids)).toEqual(pids);
    ctx.stop(new CancelledError(null));
    expect(await ended).toMatchObject({ error: { code: "cancel_requested" } });
    expect(living(pids)).toEqual([]);
  });

  it("is not waited for long after a lost lease", async () => {
    const { ctx, ended } = start(["trap '' TERM", 'echo "pids $$"', "while :; do sleep 0.05; done"], 600_000);
    const pids = await ctx.pids();
    ctx.stop(new LeaseLostError("gone"));
    expect(await ended).toMatchObject({ error: { code: "lease_lost" } });
    expect(living(pids)).toEqual([]);
  });

  it("is stopped although it stands still", async () => {
    const { ctx, ended } = start([
      "trap 'echo continued; exit 1' TERM",
      'echo "pids $$"',
      "kill -STOP $$",
      "sleep 600",
    ]);
    const pids = await ctx.pids();
    ctx.stop(new CancelledError(null));
    expect(await ended).toMatchObject({ error: { code: "cancel_requested" } });
    expect(living(pids)).toEqual([]);
  });

  it("is not started when the signal has fired before", async () => {
    const { path, folder } = shellScript("touch started");
    const ctx = new Attempt();
    const reason = new CancelledError("too late");
    ctx.stop(reason);
    await expect(runScript({ path }, aJob(), ctx, { cwd: folder })).rejects.toBe(reason);
    expect(existsSync(join(folder, "started"))).toBe(false);
  });
});

describe("a script that ends while others of its group go on", () => {
  it("is done once they are ended, though they hold its output open", async () => {
    const { ctx, ended } = start(["sleep 600 &", 'echo "pids $$ $!"', "echo '[1]'"]);
    expect(await ended).toEqual({ result: [1] });
    expect(living(await ctx.pids())).toEqual([]);
    expect(ctx.logs).toEqual(["the script has ended and left processes running; they are ended too"]);
  });

  it("is done once they are killed, though they ignore SIGTERM", async () => {
    const { ctx, folder, ended } = start([STUBBORN, 'echo "pids $$ $!"', "while [ ! -e go ]; do sleep 0.05; done"]);
    await ctx.line(/^stdout: stubborn/);
    const pids = await ctx.pids();
    writeFileSync(join(folder, "go"), "");
    expect(await ended).toEqual({ result: undefined });
    expect(living(pids)).toEqual([]);
  });

  it("still gets what a child prints that is about to end", async () => {
    const { ctx, ended } = start(["(sleep 0.05; echo '[2]') &"]);
    expect(await ended).toEqual({ result: [2] });
    expect(ctx.logs).toEqual([]);
  });

  it("keeps its own outcome when the stop comes after its end", async () => {
    const { ctx, ended } = start([STUBBORN, "sleep 0.1; echo '[3]'", 'echo "pids $$ $!"'], 50);
    const pids = await ctx.pids();
    await ctx.line(/^stdout: stubborn/);
    await reaped(pids[0] ?? 0);
    ctx.stop(new CancelledError(null));
    expect(await ended).toEqual({ result: [3] });
    expect(living(pids)).toEqual([]);
  });
});

describe("a process that has left the group", () => {
  it("does not hold up the end by keeping the output open", async () => {
    const path = writeScript(temporaryFolder(), "script.mjs", [
      'import { spawn } from "node:child_process";',
      'const free = spawn("sleep", ["600"], { detached: true, stdio: "inherit" });',
      'console.log("pids", free.pid);',
      "console.log([5]);",
      "free.unref();",
    ]);
    const ctx = new Attempt();
    const result = await runScript({ path }, aJob(), ctx);
    const pids = await ctx.pids();
    killLater(pids);
    expect(result).toEqual([5]);
    expect(living(pids)).toEqual(pids);
  });
});

describe("a worker that exits in the middle", () => {
  it("takes its scripts along", async () => {
    const { path } = shellScript("trap '' TERM", 'echo "pids $$"', "while :; do sleep 0.05; done");
    const program = fileURLToPath(new URL("exits-early.ts", import.meta.url));
    const output = execFileSync(process.execPath, ["--conditions=millrace-source", program, path], {
      encoding: "utf8",
    });
    const pids = output.trim().split(" ").slice(1).map(Number);
    expect(pids).toHaveLength(1);
    await Promise.all(pids.map(async (pid) => reaped(pid, true)));
    expect(living(pids)).toEqual([]);
  });
});
