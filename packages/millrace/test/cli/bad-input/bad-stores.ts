import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Database from "better-sqlite3";
import { lockStore, makeCorruptStore, makeNewerStore, truncateStore } from "../store-files.ts";

/** A store that cannot be used, and what whoever names it is told. */
export interface BadStore {
  readonly name: string;
  /** Puts things into the folder; `good` is a store to copy. Answers how to let go of what it holds. */
  readonly prepare?: (folder: string, good: string) => Promise<void | (() => void)>;
  /** Run one after the other. Each gets the same answer. */
  readonly commands: readonly (readonly string[])[];
  readonly exitCode: number;
  readonly says: readonly string[];
  /** A known gap: why this does not hold yet. The test fails once it does, and the note goes. */
  readonly gap?: string;
}

const LOOK = ["jobs", "list", "--store", "sqlite:x.db"];
const CHANGE = ["enqueue", "k", "{}", "--store", "sqlite:x.db"];

/** Each is tried by a command that looks and one that changes, unless only one of them can tell. */
export const BAD_STORES: readonly BadStore[] = [
  {
    name: "a scheme nobody knows",
    commands: [["jobs", "list", "--store", "mysql://localhost/jobs"]],
    exitCode: 2,
    says: ['Error: "mysql://localhost/jobs" names no store; expected "sqlite:./file.db"'],
  },
  {
    name: "a parameter of an address that is not known",
    commands: [["enqueue", "k", "--store", "postgres://localhost/jobs?shema=x"]],
    exitCode: 2,
    says: ['"shema" is no parameter of postgres://localhost/jobs', 'did you mean "schema"?'],
  },
  {
    name: "a schema that is nobody's to use",
    commands: [["enqueue", "k", "--store", "postgres://localhost/jobs?schema=pg_own"]],
    exitCode: 2,
    says: ["schema must be a name of 1 to 63 bytes", '"pg_own"'],
  },
  {
    name: "a path alone",
    commands: [["enqueue", "k", "--store", "jobs.db"]],
    exitCode: 2,
    says: ['Error: "jobs.db" names no store', "Suggestion: sqlite:jobs.db"],
  },
  {
    name: "a store that ends with the command",
    commands: [
      ["enqueue", "k", "--store", "memory:"],
      ["jobs", "list", "--store", "memory:"],
    ],
    exitCode: 2,
    says: ["Error: a store in memory ends with this command", "Suggestion: sqlite:./millrace.db"],
  },
  { name: "a scheme alone", commands: [["enqueue", "k", "--store", "sqlite:"]], exitCode: 2, says: ["names no file"] },
  {
    name: "a file with parameters",
    commands: [["enqueue", "k", "--store", "sqlite:x.db?mode=ro"]],
    exitCode: 2,
    says: ["has parameters; a SQLite store takes none"],
  },
  {
    name: "a folder that is not there",
    commands: [["enqueue", "k", "--store", "sqlite:no/such/x.db"]],
    exitCode: 7,
    says: ["Error: ", "no/such/x.db"],
  },
  {
    name: "no store to look at",
    commands: [
      LOOK,
      ["doctor", "--store", "sqlite:x.db"],
      ["jobs", "cancel", "mail#1", "--store", "sqlite:x.db"],
      ["queues", "pause", "mail", "--store", "sqlite:x.db"],
    ],
    exitCode: 7,
    says: ["Error: there is no store sqlite:x.db yet"],
  },
  {
    name: "an empty file to look at",
    prepare: async (folder) => writeFile(join(folder, "x.db"), ""),
    commands: [LOOK],
    exitCode: 7,
    says: ["Error: there is no store sqlite:x.db yet"],
  },
  {
    name: "a text file",
    prepare: async (folder) => writeFile(join(folder, "x.db"), "This is a letter and no database.\n".repeat(500)),
    commands: [
      LOOK,
      CHANGE,
      ["verify", "--data", "--store", "sqlite:x.db"],
      ["doctor", "--store", "sqlite:x.db"],
      ["migrate", "--store", "sqlite:x.db"],
      ["bench", "--store", "sqlite:x.db"],
    ],
    exitCode: 7,
    says: ["x.db: the file is not a SQLite database"],
  },
  {
    name: "a folder",
    prepare: async (folder) => mkdir(join(folder, "x.db")),
    commands: [LOOK, CHANGE],
    exitCode: 7,
    says: ["x.db: "],
  },
  {
    name: "a device",
    commands: [["enqueue", "k", "--store", "sqlite:/dev/full"]],
    exitCode: 7,
    says: ["Error: /dev/full: "],
  },
  {
    name: "a folder of the kernel",
    commands: [["enqueue", "k", "--store", "sqlite:/proc/x.db"]],
    exitCode: 7,
    says: ["Error: /proc/x.db: the file cannot be opened"],
  },
  {
    name: "a damaged file",
    prepare: async (folder, good) => makeCorruptStore(good, join(folder, "x.db")),
    commands: [LOOK, CHANGE],
    exitCode: 7,
    says: ["x.db: the database file is damaged; restore a backup"],
  },
  {
    name: "half a file",
    prepare: async (folder, good) => truncateStore(good, join(folder, "x.db")),
    commands: [LOOK, CHANGE],
    exitCode: 7,
    says: ["x.db: the database file is damaged; restore a backup"],
  },
  {
    name: "a schema of the future",
    prepare: async (folder, good) => makeNewerStore(good, join(folder, "x.db")),
    commands: [LOOK, CHANGE, ["migrate", "--plan", "--store", "sqlite:x.db"], ["doctor", "--store", "sqlite:x.db"]],
    exitCode: 7,
    says: ["its schema is version 999", "install a newer Millrace"],
  },
  {
    name: "tables of the same name of somebody else",
    prepare: async (folder) => void new Database(join(folder, "x.db")).exec("CREATE TABLE millrace_job (x)").close(),
    commands: [CHANGE],
    exitCode: 7,
    says: ["x.db", "millrace_job"],
  },
  {
    name: "a file whose write lock is held",
    prepare: async (folder, good) => lockStore(good, join(folder, "x.db"), "writers"),
    commands: [CHANGE],
    exitCode: 7,
    says: [
      "x.db: another process holds the write lock",
      "Suggestion: another process holds the store; try again in a moment",
    ],
  },
  {
    name: "a file that is held for one process alone",
    prepare: async (folder, good) => lockStore(good, join(folder, "x.db"), "readers"),
    commands: [LOOK],
    exitCode: 7,
    says: ["x.db: another process holds the write lock"],
  },
];

/** Rows that make sense only for a user who may not write everywhere. `x.db` is a good store, as its folder not writable. */
export const READ_ONLY_STORES: readonly BadStore[] = [
  {
    name: "a file and a folder that cannot be written to",
    commands: [CHANGE, ["migrate", "--store", "sqlite:y.db"], ["work", "--scripts", ".", "--store", "sqlite:y.db"]],
    exitCode: 7,
    says: ["Error: "],
  },
];
