import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openMillrace } from "millrace";
import { afterEach, describe, expect, test } from "vitest";
import { millrace, startMillrace, type Run, type Running } from "../cli/spawn-millrace.ts";
import { temporaryFolders } from "../cli/temporary-folder.ts";
import { RUNS } from "./set-ups.ts";

const runs = RUNS >= 50 ? RUNS : 1;
const MUST_BE_GONE_MS = 5_000;
const { create } = temporaryFolders();
const running: Running[] = [];

afterEach(() => {
  for (const { child } of running.splice(0)) child.kill("SIGKILL");
});

const SCRIPTS = {
  "scripts/touch.sh":
    'echo begun >>"$MILLRACE_INPUT_FILE"; sleep "${MILLRACE_INPUT_SECONDS:-0}"; echo over >>"$MILLRACE_INPUT_FILE"\n',
};

const envOf = (cwd: string) => ({
  MILLRACE_STATE: join(cwd, "state"),
  MILLRACE_STORE: `sqlite:${join(cwd, "desk.db")}`,
});

function watch(cwd: string, ...flags: readonly string[]): Running {
  const watcher = startMillrace(["watch", "docs", ...flags], { cwd, env: envOf(cwd) });
  running.push(watcher);
  return watcher;
}

function locksIn(cwd: string): readonly string[] {
  const state = join(cwd, "state");
  if (!existsSync(state)) return [];
  return readdirSync(state, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.lock/.test(name))
    .map((name) => join(state, name));
}

async function enqueue(cwd: string, ...payloads: readonly object[]): Promise<void> {
  const mill = await openMillrace(envOf(cwd).MILLRACE_STORE);
  await mill.enqueueMany(payloads.map((payload) => ({ kind: "touch", payload, options: { queue: "docs" } })));
  await mill.close();
}

async function statesIn(cwd: string): Promise<readonly string[]> {
  const mill = await openMillrace(envOf(cwd).MILLRACE_STORE);
  const { jobs } = await mill.list();
  await mill.close();
  return jobs.toReversed().map(({ state }) => state);
}

async function stopped({ child, ended }: Running, signal: NodeJS.Signals): Promise<Run & { readonly tookMs: number }> {
  const from = performance.now();
  child.kill(signal);
  return { ...(await ended), tookMs: performance.now() - from };
}

describe("watch", () => {
  test(`BT6 BD9 of two started together one runs; SIGTERM while idle or running: lock and process gone; ${runs} times`, async () => {
    for (let run = 0; run < runs; run++) {
      const cwd = await create(SCRIPTS);
      const file = join(cwd, "out.txt");
      const both = [watch(cwd), watch(cwd)];
      const lost = await Promise.race(both.map(async (watcher) => ({ watcher, end: await watcher.ended })));
      const winner = both.find((watcher) => watcher !== lost.watcher);
      if (winner === undefined) throw new Error("one of them is the other");
      expect(lost.end.exitCode).toBe(5);
      expect(lost.end.stderr).toContain(`watch docs: already running (PID ${winner.child.pid} on `);
      await winner.printed("Working on");
      const [lock = ""] = locksIn(cwd);
      expect(JSON.parse(readFileSync(lock, "utf8"))).toMatchObject({ pid: winner.child.pid });
      const isRunning = run % 2 === 0;
      if (isRunning) {
        await enqueue(cwd, { file, seconds: 30 });
        await expect.poll(() => existsSync(file), { timeout: 10_000 }).toBe(true);
      }
      const { exitCode, tookMs } = await stopped(winner, "SIGTERM");
      expect([exitCode, locksIn(cwd)]).toEqual([0, []]);
      expect(tookMs).toBeLessThan(MUST_BE_GONE_MS);
      if (isRunning) expect(await statesIn(cwd), "given back").toEqual(["queued"]);
    }
  });

  test("B12 BD10 a stale lock and a broken one are taken over; --once runs one, --drain the rest, one by one", async () => {
    const cwd = await create(SCRIPTS);
    const [first, file] = [join(cwd, "first.txt"), join(cwd, "out.txt")];
    await enqueue(cwd, { file: first, seconds: 0.2 }, { file, seconds: 0.1 }, { file, seconds: 0.1 }, { file });
    const killed = watch(cwd);
    await expect.poll(() => existsSync(first), { timeout: 10_000 }).toBe(true);
    const [lock = ""] = locksIn(cwd);
    killed.child.kill("SIGKILL");
    await killed.ended;
    expect(existsSync(lock), "a killed watcher leaves its lock").toBe(true);
    // What it ran is rescued when its lease is over; that is not waited for.
    const once = await watch(cwd, "--once").ended;
    expect([once.exitCode, once.stderr.match(/completed docs#/g)?.length, locksIn(cwd)]).toEqual([0, 1, []]);
    writeFileSync(lock, '{"pid": 1');
    const drain = await watch(cwd, "--drain").ended;
    expect([drain.exitCode, drain.stderr.match(/completed docs#/g)?.length, locksIn(cwd)]).toEqual([0, 2, []]);
    expect(readFileSync(file, "utf8")).toBe("begun\nover\n".repeat(3));
  });

  test("B12 a lock of another machine is left alone; SIGHUP and SIGINT end a watcher, too", async () => {
    const cwd = await create(SCRIPTS);
    const watcher = watch(cwd);
    await watcher.printed("Working on");
    const [lock = ""] = locksIn(cwd);
    expect((await stopped(watcher, "SIGHUP")).exitCode).toBe(0);
    writeFileSync(
      lock,
      JSON.stringify({ pid: 1, host: "elsewhere", startedAt: "2026-01-01T00:00:00.000Z", bornAt: null }),
    );
    const refused = await watch(cwd).ended;
    expect([refused.exitCode, refused.stderr]).toEqual([
      5,
      expect.stringMatching(/PID 1 on elsewhere.*delete .*\.lock/),
    ]);
  });

  test("B4 BD6 claim and complete by the name of the job; who did not claim it cannot", async () => {
    const cwd = await create();
    const run = async (args: readonly string[], env = envOf(cwd)): Promise<Run> =>
      millrace(["jobs", ...args], { cwd, env });
    const mill = await openMillrace(envOf(cwd).MILLRACE_STORE);
    await mill.enqueue("docs.read", { chapter: 1 }, { queue: "docs", requires: ["manual"] });
    await mill.close();
    const early = await run(["complete", "docs#1", "--summary", "x"]);
    expect([early.exitCode, early.stderr]).toEqual([5, expect.stringContaining("is not held here: it is queued")]);
    const claimed = await run(["claim", "--queue", "docs"]);
    expect(claimed.stdout).toMatch(/docs\.read: \{"chapter":1\}\n.*it fails at/);
    const elsewhere = { ...envOf(cwd), MILLRACE_STATE: join(cwd, "other") };
    const [again, stranger, none, blank] = await Promise.all([
      run(["claim", "docs#1"]),
      run(["complete", "docs#1", "--summary", "x"], elsewhere),
      run(["claim", "--queue", "docs"], elsewhere),
      run(["complete", "docs#1", "--summary", " "]),
    ]);
    expect([again.exitCode, stranger.exitCode, none.exitCode, blank.exitCode]).toEqual([5, 5, 1, 2]);
    expect(stranger.stderr).toMatch(/docs#1 is not held here: it runs, claimed by hand_/);
    expect(blank.stderr).toMatch(/a summary that is not blank/);
    const completed = await run(["complete", "docs#1", "--result", '{"summary": "done", "pages": 3}', "--json"]);
    expect(JSON.parse(completed.stdout)).toMatchObject({ state: "completed", result: { summary: "done", pages: 3 } });
  });
});
