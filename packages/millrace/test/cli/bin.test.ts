import { describe, expect, it } from "vitest";
import { matching } from "./expected-text.ts";
import { millrace } from "./spawn-millrace.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();

/** An option of Node that runs a module before everything else. */
function importing(module: string): readonly string[] {
  return ["--import", `data:text/javascript,${encodeURIComponent(module)}`];
}

function claimingToBe(version: string): readonly string[] {
  return importing(
    `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`,
  );
}

/** Fails as an addon does that was built for another Node. */
const withoutDriver = importing(
  'import { registerHooks } from "node:module";' +
    'registerHooks({ resolve(name, context, next) { if (name === "better-sqlite3") throw new Error("the driver was loaded"); return next(name, context); } });',
);

describe.concurrent("the executable", () => {
  it("prints its version", async () => {
    const { exitCode, stdout, stderr } = await millrace(["--version"], { cwd: await folders.create() });
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: matching(/^\d+\.\d+\.\d+\n$/),
      stderr: "",
    });
  });

  it.each(["20.20.2", "22.17.1", "18.0.0"])("says on Node %s what it found and what it needs", async (version) => {
    const cwd = await folders.create();
    const run = await millrace(["jobs", "list"], { cwd, nodeOptions: [...withoutDriver, ...claimingToBe(version)] });
    expect(run.stderr).toContain(`Error: this is Node ${version}, and Millrace needs Node 22.18 or later`);
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
  });

  it.each(["22.18.0", "23.0.0", "24.1.0"])("runs on Node %s", async (version) => {
    const run = await millrace(["--version"], { cwd: await folders.create(), nodeOptions: claimingToBe(version) });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it("needs no driver to help, to complete, or to say what is wrong", async () => {
    const cwd = await folders.create();
    const commands = [["--help"], ["enqueue", "--help"], ["completion", "bash"], ["jobs", "list", "--limit", "x"]];
    const runs = await Promise.all(commands.map(async (args) => millrace(args, { cwd, nodeOptions: withoutDriver })));
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 2]);
    expect(runs.map(({ stderr }) => stderr).join("")).not.toContain("the driver was loaded");
  });

  it("tells of an error nobody foresaw in one line, and where it comes from when asked", async () => {
    const cwd = await folders.create();
    const run = await millrace(["enqueue", "k"], { cwd, nodeOptions: withoutDriver });
    expect(run).toMatchObject({ exitCode: 70, stdout: "" });
    expect(run.stderr).toMatch(/^Error: unexpected: the driver was loaded\nSuggestion: .*MILLRACE_DEBUG=1.*\n$/);
    const debug = await millrace(["enqueue", "k"], { cwd, nodeOptions: withoutDriver, env: { MILLRACE_DEBUG: "1" } });
    expect(debug.stderr).toMatch(/^\s+at /m);
  });
});
