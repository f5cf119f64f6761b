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
    name: "a server without its key",
    args: ["jobs", "list", "--server", "http://localhost:7337"],
    exitCode: 2,
    says: ["Error: the server http://localhost:7337 asks for a key", "MILLRACE_KEY", "the list of processes"],
  },
  {
    name: "a server in the environment without its key, whatever key the job is to have",
    args: ["enqueue", "k", "--key", "x"],
    env: { MILLRACE_SERVER: "http://localhost:7337" },
    exitCode: 2,
    says: ["Error: the server http://localhost:7337 asks for a key"],
  },
  {
    name: "a key without its server",
    args: ["jobs", "list", "--key", "x"],
    exitCode: 2,
    says: ["Error: --key opens a server, and none is named"],
  },
  {
    name: "a server that is none",
    args: ["jobs", "list", "--server", "localhost:7337", "--key", "x"],
    exitCode: 2,
    says: ['Error: --server: "localhost:7337" is no server', "--server http://localhost:7337"],
  },
  {
    name: "a server and a store",
    args: ["jobs", "list", "--server", "http://localhost:7337", "--key", "x", "--store", "sqlite:a.db"],
    exitCode: 2,
    says: ["Error: --store and --server name two places to work on"],
  },
  {
    name: "a server where a store is asked for",
    args: ["jobs", "list", "--store", "http://localhost:7337"],
    exitCode: 2,
    says: ["Error: --store names a server", "--server http://localhost:7337"],
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
    name: "verify of data that is driven as well",
    args: ["verify", "--data", "--workers", "4"],
    exitCode: 2,
    says: ["Error: --workers belongs to a drive, and --data does not drive"],
  },
  {
    name: "a bench of nothing",
    args: ["bench", "--jobs", "0"],
    exitCode: 2,
    says: ["--jobs must be a whole number, 1 or more; got 0"],
  },
];
