import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { matching } from "./expected-text.ts";
import { millrace } from "./spawn-millrace.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();

async function scriptFor(shell: string): Promise<string> {
  const { exitCode, stdout, stderr } = await millrace(["completion", shell], { cwd: await folders.create() });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return stdout;
}

const FISH = "fish";

function hasShell(shell: string): boolean {
  return spawnSync(shell, ["--version"]).status === 0;
}

/** What bash offers for the last of some words. */
const ASK_BASH = `
ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _millrace; echo "\${COMPREPLY[*]}"; }
ask millrace ""; ask millrace jobs l; ask millrace --store sqlite:x.db queues p
ask millrace jobs list --state c; ask millrace completion z; ask millrace enqueue k --pri; ask millrace jobs list --queue q
`;

const ASK_FISH =
  'for line in "millrace jobs l" "millrace jobs list --state ca" "millrace completion z"; complete -C $line; echo --; end';

describe.concurrent("completion", () => {
  it.runIf(hasShell("bash"))("offers commands, options and known words in bash", async () => {
    const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", `${await scriptFor("bash")}\n${ASK_BASH}`], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const [commands = "", ...rest] = stdout.trimEnd().split("\n");
    expect(commands.split(" ")).toEqual(expect.arrayContaining(["enqueue", "jobs", "work", "--store"]));
    expect(rest).toEqual(["list logs", "pause", "completed cancelled", "zsh", "--priority"]);
  });

  it("is a script for zsh that zsh can read", async ({ skip }) => {
    const script = await scriptFor("zsh");
    expect(script).toMatch(/^#compdef millrace\n/);
    expect(script).toContain("'list:List jobs, the newest first'");
    skip(!hasShell("zsh"), "there is no zsh here");
    expect(spawnSync("zsh", ["-f", "-n"], { input: script, encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
  });

  it("offers commands and known words in fish", async ({ skip }) => {
    const script = await scriptFor("fish");
    expect(script).toContain(
      `complete -c millrace -n '__millrace_at "/jobs"' -f -a list -d 'List jobs, the newest first'`,
    );
    skip(!hasShell(FISH), "there is no fish here");
    const { stdout } = spawnSync(FISH, ["--no-config", "-c", `${script}\n${ASK_FISH}`], { encoding: "utf8" });
    expect(
      stdout.split("--\n").map((part) =>
        part
          .split("\n")
          .map((line) => line.split("\t")[0])
          .filter(Boolean),
      ),
    ).toEqual([["list", "logs"], ["cancelled"], ["zsh"], []]);
  });

  it("is printed as JSON as well", async () => {
    const { stdout } = await millrace(["completion", "fish", "--json"], { cwd: await folders.create() });
    expect(JSON.parse(stdout)).toMatchObject({ shell: "fish", script: matching(/__millrace_at/) });
  });
});
