import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { openMillrace } from "millrace";
import { beforeAll, describe, expect, it } from "vitest";
import { BIN, millrace, NODE_OPTIONS, quietEnvironment } from "./spawn-millrace.ts";
import { makeBrokenStore } from "./store-files.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();
let cwd = "";

beforeAll(async () => {
  cwd = await folders.create();
  const mill = await openMillrace(`sqlite:${join(cwd, "millrace.db")}`);
  const items = Array.from({ length: 1_000 }, (_, n) => ({ kind: "a.kind.with.a.rather.long.name", payload: n }));
  await mill.enqueueMany(items, {});
  await mill.enqueue("danger", "\u001b]0;owned\u0007\u001b[2J", { queue: "q" });
  await mill.close();
  await makeBrokenStore(join(cwd, "millrace.db"), join(cwd, "broken.db"));
});

const MILLRACE = [process.execPath, ...NODE_OPTIONS, BIN].map((word) => `'${word}'`).join(" ");

interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

async function shell(command: string, env: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const child = spawn("bash", ["-c", command], { cwd, env: { ...quietEnvironment(), ...env }, timeout: 30_000 });
  const [stdout, stderr, [status]] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { stdout, stderr, status };
}

const SCRIPT = "script";

/** The script of util-linux gives a command a terminal; the one of BSD takes other options. */
const hasTerminal = spawnSync(SCRIPT, ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;

async function onTerminal(args: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  return (await shell(`script -qec "stty cols 80; ${MILLRACE} ${args}" /dev/null`, env)).stdout;
}

describe.concurrent("at a terminal", () => {
  it.runIf(hasTerminal)("a table has colours and ages, and is cut to the width", async () => {
    const lines = (await onTerminal("jobs list --limit 3")).trimEnd().split("\r\n");
    expect(lines[0]).toContain("\u001b[1mID");
    expect(lines[1]).toMatch(/ago|now/);
    expect(lines[1]).toContain("\u001b[1mqueued");
    expect(lines[2]).toContain("a.kin");
    expect(lines[2]).toContain("…");
    // oxlint-disable-next-line no-control-regex -- colours take no room
    for (const line of lines) expect(line.replaceAll(/\u001b\[\d+m/g, "").length).toBeLessThanOrEqual(80);
  });

  it.runIf(hasTerminal)("NO_COLOR and a dumb terminal get no colours", async () => {
    for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
      const text = await onTerminal("jobs list --limit 3", env);
      expect(text).toContain("queued");
      expect(text).not.toContain("\u001b");
    }
  });

  it.runIf(hasTerminal)("JSON has no colours, and is indented", async () => {
    const text = await onTerminal("jobs list --limit 1 --json");
    expect(text).toMatch(/^\{\r\n {2}"jobs": \[/);
    expect(text).not.toContain("\u001b");
  });

  it.runIf(hasTerminal)("data cannot drive it", async () => {
    const text = await onTerminal("jobs show q#1", { NO_COLOR: "1" });
    expect(text).toContain(String.raw`\u001b]0;owned`);
    expect(text).not.toContain("\u001b]0");
  });

  it.runIf(hasTerminal)("anything long shows a progress bar, and takes it away again", async () => {
    const text = await onTerminal("bench --jobs 200");
    expect(text).toContain("░");
    expect(text).toContain("\r\u001b[2K");
    expect(text.replaceAll("\u001b[1m", "")).toContain("\u001b[2KWHAT");
  });

  it.runIf(hasTerminal)("errors are coloured there only", async () => {
    expect(await onTerminal("jobs frob")).toContain("\u001b[31mError:\u001b[39m");
    expect((await shell(`${MILLRACE} jobs frob`)).stderr).toMatch(/^Error: /);
  });
});

describe.concurrent("in a pipe", () => {
  it("a table is whole, aligned and plain", async () => {
    const lines = (await shell(`${MILLRACE} jobs list --limit 3`)).stdout.trimEnd().split("\n");
    expect(lines.join("")).not.toContain("\u001b");
    expect(lines[2]).toContain(" a.kind.with.a.rather.long.name ");
    const starts = lines.map((line) => line.search(/STATE|queued/));
    expect(new Set(starts).size).toBe(1);
  });

  it("JSON is one line that holds the whole answer", async () => {
    const { stdout } = await shell(`${MILLRACE} jobs list --limit 1000 --json`);
    expect(stdout.split("\n")).toHaveLength(2);
    expect((JSON.parse(stdout) as { jobs: unknown[] }).jobs).toHaveLength(1_000);
  });

  it.each(["jobs list --queue default --limit 1000", "jobs list --limit 1000 --json", "--help", "completion bash"])(
    "%s ends quietly when its reader has seen enough",
    async (args) => {
      const { stdout, stderr, status } = await shell(`set -o pipefail; ${MILLRACE} ${args} | head -c 10`);
      expect({ length: stdout.length, stderr, status }).toEqual({ length: 10, stderr: "", status: 0 });
    },
  );

  it("the exit code is the command's, whether it is heard to the end or not", async () => {
    const { status } = await shell(`set -o pipefail; ${MILLRACE} verify --data --store sqlite:broken.db | head -c 1`);
    expect(status).toBe(70);
  });

  it("says so when the output cannot be written", async ({ skip }) => {
    skip(process.platform !== "linux", "there is no /dev/full here");
    const { stderr, status } = await shell(`${MILLRACE} jobs list --queue q > /dev/full`);
    expect(stderr).toMatch(/^Error: the output cannot be written: .*no space left/);
    expect(status).toBe(1);
  });

  it("answers go to standard output, remarks and errors to standard error", async () => {
    const run = await millrace(["jobs", "list", "--limit", "1"], { cwd });
    expect(run.stdout).not.toContain("--cursor");
    expect(run.stderr).toMatch(/^There are more: --cursor \S+\n$/);
  });
});
