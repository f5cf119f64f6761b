import { execFileSync } from "node:child_process";
import { accessSync, constants, cpSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { OptionsError } from "../../../core/errors.ts";
import type { ServerUser } from "./server-user.ts";

/** Programs of a PostgreSQL server. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The version: 18. */
  readonly major: number;
}

/**
 * The programs in a folder, for a user who may be another than ours: they are copied to `spareFolder` when that user
 * cannot come to where they are.
 * @throws OptionsError when they are not there
 */
export function binariesIn(binFolder: string, user: ServerUser | undefined, spareFolder: string): Binaries {
  const found = realpathOf(binFolder, "initdb");
  const own = dirname(found);
  const folder = user === undefined || isOpenToAll(own) ? own : copyTo(spareFolder, own);
  const postgres = join(folder, "postgres");
  return { initdb: join(folder, "initdb"), postgres, major: majorOf(postgres) };
}

/** What is linked to is where the rest of the server lies, too. */
function realpathOf(binFolder: string, program: string): string {
  try {
    const path = realpathSync(join(binFolder, program));
    for (const each of [path, join(dirname(path), "postgres")]) accessSync(each, constants.X_OK);
    return path;
  } catch (error) {
    throw new OptionsError(
      `${binFolder} must hold the programs initdb and postgres; on Debian that is /usr/lib/postgresql/18/bin`,
      { cause: error },
    );
  }
}

/** `postgres (PostgreSQL) 18.4` → 18. */
function majorOf(postgres: string): number {
  const said = execFileSync(postgres, ["--version"], { encoding: "utf8" });
  const major = /PostgreSQL\) (\d+)/.exec(said)?.[1];
  if (major === undefined) throw new OptionsError(`${postgres} --version said ${said}`);
  return Number(major);
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

/** All that lies around the programs: they look for it from where they are. */
function copyTo(spareFolder: string, binFolder: string): string {
  const copy = join(spareFolder, "native");
  cpSync(dirname(binFolder), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, basename(binFolder));
}
