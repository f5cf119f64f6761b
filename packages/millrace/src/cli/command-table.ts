import type { Command } from "commander";
import type { Session } from "./session.ts";

/** Gives a command its arguments, options, subcommands and action. */
export type Define = (command: Command, session: Session) => void;

interface CommandEntry {
  readonly name: string;
  /** The line in `millrace --help`. */
  readonly summary: string;
  readonly group: string;
  /** Imported when the command is used, so that `--help` and a mistyped name answer at once. */
  readonly load: () => Promise<Define>;
}

const JOBS = "Jobs:";
const WORK = "Work:";
const STORE = "The store:";
export const SHELL_GROUP = "The shell:";

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "enqueue",
    summary: "add a job",
    group: JOBS,
    load: async () => (await import("./commands/enqueue.ts")).defineEnqueue,
  },
  {
    name: "jobs",
    summary: "list, show, follow, cancel, retry, explain; claim and report by hand",
    group: JOBS,
    load: async () => (await import("./commands/jobs.ts")).defineJobs,
  },
  {
    name: "schedules",
    summary: "jobs that are added by the clock",
    group: JOBS,
    load: async () => (await import("./commands/schedules.ts")).defineSchedules,
  },
  {
    name: "work",
    summary: "run jobs with your handlers or scripts",
    group: WORK,
    load: async () => (await import("./commands/work.ts")).defineWork,
  },
  {
    name: "watch",
    summary: "run the scripts of one queue; one watcher per queue and machine",
    group: WORK,
    load: async () => (await import("./commands/watch.ts")).defineWatch,
  },
  {
    name: "scripts",
    summary: "list, search, show and run scripts",
    group: WORK,
    load: async () => (await import("./commands/scripts.ts")).defineScripts,
  },
  {
    name: "workers",
    summary: "who is at work",
    group: WORK,
    load: async () => (await import("./commands/workers.ts")).defineWorkers,
  },
  {
    name: "queues",
    summary: "list, pause, resume and configure queues",
    group: WORK,
    load: async () => (await import("./commands/queues.ts")).defineQueues,
  },
  {
    name: "serve",
    summary: "serve the HTTP API",
    group: WORK,
    load: async () => (await import("./commands/serve.ts")).defineServe,
  },
  {
    name: "keys",
    summary: "make, list and revoke keys for the HTTP API",
    group: STORE,
    load: async () => (await import("./commands/keys.ts")).defineKeys,
  },
  {
    name: "numbers",
    summary: "go on with numbers that another system gave out",
    group: STORE,
    load: async () => (await import("./commands/numbers.ts")).defineNumbers,
  },
  {
    name: "migrate",
    summary: "bring the store's tables up to date",
    group: STORE,
    load: async () => (await import("./commands/migrate.ts")).defineMigrate,
  },
  {
    name: "doctor",
    summary: "look for what is wrong with the store",
    group: STORE,
    load: async () => (await import("./commands/doctor.ts")).defineDoctor,
  },
  {
    name: "prune",
    summary: "delete finished jobs past their retention",
    group: STORE,
    load: async () => (await import("./commands/prune.ts")).definePrune,
  },
  {
    name: "verify",
    summary: "check the guarantees on the data as it lies",
    group: STORE,
    load: async () => (await import("./commands/verify.ts")).defineVerify,
  },
  {
    name: "export",
    summary: "write all data of the store into a file",
    group: STORE,
    load: async () => (await import("./commands/export.ts")).defineExport,
  },
  {
    name: "import",
    summary: "fill an empty store from such a file",
    group: STORE,
    load: async () => (await import("./commands/import.ts")).defineImport,
  },
  {
    name: "move",
    summary: "carry all data from one store to another",
    group: STORE,
    load: async () => (await import("./commands/move.ts")).defineMove,
  },
  {
    name: "bench",
    summary: "measure how fast this machine is",
    group: STORE,
    load: async () => (await import("./commands/bench.ts")).defineBench,
  },
  {
    name: "completion",
    summary: "print a script that completes commands in your shell",
    group: SHELL_GROUP,
    load: async () => (await import("./commands/completion.ts")).defineCompletion,
  },
];
