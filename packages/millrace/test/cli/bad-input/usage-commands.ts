import type { BadCommand } from "./bad-command.ts";

/** Commands and options that do not exist, or lack something. */
export const USAGE_COMMANDS: readonly BadCommand[] = [
  { name: "no command", args: [], exitCode: 2, says: ["Usage: millrace COMMAND", "enqueue"] },
  {
    name: "an unknown command",
    args: ["frobnicate"],
    exitCode: 2,
    says: ['Error: unknown command "frobnicate"', "Valid options: enqueue, jobs"],
  },
  { name: "a mistyped command", args: ["jbos", "list"], exitCode: 2, says: ["Suggestion: did you mean jobs?"] },
  { name: "help on an unknown command", args: ["help", "jbos"], exitCode: 2, says: ['unknown command "jbos"'] },
  { name: "a group without a command", args: ["jobs"], exitCode: 2, says: ["Usage: millrace jobs"] },
  {
    name: "a mistyped command of a group",
    args: ["jobs", "lst"],
    exitCode: 2,
    says: ['unknown command "lst"', "Valid options: list, show", "did you mean list?"],
  },
  { name: "an unknown global option", args: ["--frob"], exitCode: 2, says: ['Error: unknown option "--frob"'] },
  {
    name: "a mistyped option",
    args: ["enqueue", "k", "--qeue", "x"],
    exitCode: 2,
    says: ['unknown option "--qeue"', "Valid options: --queue", "did you mean --queue?"],
  },
  {
    name: "an option without its value",
    args: ["enqueue", "k", "--queue"],
    exitCode: 2,
    says: ['Error: option "--queue <name>" argument missing'],
  },
  { name: "an argument too few", args: ["enqueue"], exitCode: 2, says: ['Error: missing required argument "kind"'] },
  {
    name: "an argument too many",
    args: ["enqueue", "k", "{}", "extra"],
    exitCode: 2,
    says: ["Error: too many arguments"],
  },
  {
    name: "a server",
    args: ["jobs", "list", "--server", "http://localhost:7337", "--key", "x"],
    exitCode: 2,
    says: ["Error: --server names a server", "--store"],
  },
  {
    name: "a server in the environment",
    args: ["jobs", "list"],
    env: { MILLRACE_SERVER: "http://localhost:7337" },
    exitCode: 2,
    says: ["Error: MILLRACE_SERVER names a server"],
  },
  {
    name: "an empty store",
    args: ["jobs", "list", "--store", ""],
    exitCode: 2,
    says: ["Error: --store names no store"],
  },
  {
    name: "an unknown shell",
    args: ["completion", "tcsh"],
    exitCode: 2,
    says: ['no completion for the shell "tcsh"', "Valid options: bash, zsh, fish"],
  },
  {
    name: "verify of nothing",
    args: ["verify"],
    exitCode: 2,
    says: ["Error: verify does not say what to verify", "Valid options: --data"],
  },
  {
    name: "a bench of nothing",
    args: ["bench", "--jobs", "0"],
    exitCode: 2,
    says: ["--jobs must be a whole number, 1 or more; got 0"],
  },
];
