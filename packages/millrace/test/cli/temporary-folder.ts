import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

/**
 * An empty folder for the tests of one file, deleted after them. Each test asks for a folder of its own in it.
 */
export function temporaryFolders(): {
  readonly create: (files?: Readonly<Record<string, string | Buffer>>) => Promise<string>;
} {
  const root = mkdtempSync(join(tmpdir(), "millrace-cli-"));
  // Some tests run as a user who may do less, and who must come so far.
  chmodSync(root, 0o755);
  let count = 0;
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return {
    create: async (files = {}) => {
      count += 1;
      const folder = join(root, String(count));
      await mkdir(folder);
      for (const [name, content] of Object.entries(files)) {
        const path = join(folder, name);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, content);
      }
      return folder;
    },
  };
}
