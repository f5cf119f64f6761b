import { cpSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export interface RepositoryFile {
  /** Absolute; where the copy lies. */
  readonly path: string;
  /** From the root of the repository. */
  readonly name: string;
  readonly bytes: number;
}

const SKIPPED: ReadonlySet<string> = new Set(["node_modules", "dist", "coverage"]);
const MAX_BYTES = 1_000_000;

/**
 * Copy the files of the repository, so that whoever edits one meanwhile does not disturb the jobs. What is installed,
 * built, hidden or very large is left out. Answers them by name.
 */
export function copyRepository(root: string, target: string): readonly RepositoryFile[] {
  return fileNames(root).flatMap((name) => {
    const from = join(root, name);
    const bytes = statSync(from, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes === 0 || bytes > MAX_BYTES) return [];
    const path = join(target, name);
    cpSync(from, path);
    return [{ path, name, bytes: statSync(path).size }];
  });
}

function fileNames(root: string, below = ""): readonly string[] {
  return readdirSync(join(root, below), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith(".") && !SKIPPED.has(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const name = join(below, entry.name);
      if (entry.isDirectory()) return fileNames(root, name);
      return entry.isFile() ? [name] : [];
    });
}
