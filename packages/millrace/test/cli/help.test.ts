import type { Command } from "commander";
import { beforeAll, describe, expect, it } from "vitest";
import { readEnvironment } from "../../src/cli/env.ts";
import { createProgram } from "../../src/cli/program.ts";
import { Session } from "../../src/cli/session.ts";
import { millrace } from "./spawn-millrace.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();

async function loadProgram(): Promise<Command> {
  const session = new Session(readEnvironment({}));
  createProgram(session);
  return session.loadProgram();
}

function leavesOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap((child) => leavesOf(child));
}

function pathOf(command: Command): readonly string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()];
}

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

/** The words of an example, as a shell would split them; enough for quotes and no more. */
function wordsOf(example: string): readonly string[] {
  return [...example.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? "",
  );
}

function examplesOf(help: string): readonly string[] {
  return [...help.matchAll(/^ {2}\$ (.+)$/gm)].map(([, example]) => example ?? "");
}

const commands = leavesOf(await loadProgram()).map((command) => pathOf(command));

describe("the help of every command", () => {
  let program: Command;
  beforeAll(async () => {
    program = await loadProgram();
  });
  const commandAt = (path: readonly string[]): Command =>
    path.reduce((command, name) => command.commands.find((child) => child.name() === name) ?? command, program);

  it("covers all that the interface promises of this version", () => {
    expect(commands.map((path) => path.join(" ")).toSorted()).toEqual(
      [
        "bench",
        "completion",
        "doctor",
        "enqueue",
        "export",
        "import",
        "jobs cancel",
        "jobs claim",
        "jobs complete",
        "jobs explain",
        "jobs extend",
        "jobs fail",
        "jobs list",
        "jobs logs",
        "jobs release",
        "jobs retry",
        "jobs show",
        "keys create",
        "keys list",
        "keys revoke",
        "migrate",
        "move",
        "numbers adopt",
        "prune",
        "queues configure",
        "queues list",
        "queues pause",
        "queues resume",
        "schedules add",
        "schedules list",
        "schedules remove",
        "scripts list",
        "scripts run",
        "scripts search",
        "scripts show",
        "serve",
        "verify",
        "watch",
        "work",
        "workers list",
      ].toSorted(),
    );
  });

  it.each(commands.map((path) => ({ path, name: path.join(" ") })))(
    "$name has a description, an example of it, its exit codes and the shared options",
    ({ path, name }) => {
      const command = commandAt(path);
      const help = helpOf(command);
      expect(command.description()).toMatch(/\.$/);
      expect(examplesOf(help).some((example) => example.includes(`millrace ${name}`))).toBe(true);
      expect(help).toMatch(/Exit codes:\n   0  \S/);
      for (const option of ["--store", "--json", "--help"]) expect(help).toContain(option);
      expect(help).not.toContain("--key <key>\n");
    },
  );

  it("has only examples that the command line understands", async () => {
    const examples = [program, ...commands.map((path) => commandAt(path))].flatMap((command) =>
      examplesOf(helpOf(command)),
    );
    expect(examples.length).toBeGreaterThan(40);
    for (const example of examples) {
      // A program can be parsed once: the next parse would find the values of the one before.
      const fresh = await loadProgram();
      const isRun: string[] = [];
      for (const leaf of leavesOf(fresh)) leaf.action(() => void isRun.push(example));
      const line = /\bmillrace [^|)]+/.exec(example)?.[0] ?? "";
      await fresh.parseAsync(wordsOf(line).slice(1), { from: "user" });
      expect(isRun).toEqual([example]);
    }
  });
});

describe.concurrent("help", () => {
  it("is printed for the program, a group, a command, and with `help`", async () => {
    const cwd = await folders.create();
    const lines = [
      ["--help"],
      ["jobs", "--help"],
      ["jobs", "list", "-h"],
      ["help", "jobs"],
      ["help", "jobs", "list"],
      ["jobs", "help", "list"],
      ["help"],
    ];
    const runs = await Promise.all(lines.map(async (args) => millrace(args, { cwd })));
    expect(runs.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
      lines.map(() => ({ exitCode: 0, stderr: "" })),
    );
    const usages = runs.map(({ stdout }) => stdout.split("\n")[0]);
    expect(usages).toEqual([
      "Usage: millrace COMMAND [options]",
      "Usage: millrace jobs [options] [command]",
      "Usage: millrace jobs list [options]",
      "Usage: millrace jobs [options] [command]",
      "Usage: millrace jobs list [options]",
      "Usage: millrace jobs list [options]",
      "Usage: millrace COMMAND [options]",
    ]);
  });

  it("has no colours in a pipe", async () => {
    const { stdout } = await millrace(["--help"], { cwd: await folders.create() });
    expect(stdout).not.toContain("\u001b");
  });
});
