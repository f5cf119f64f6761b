import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { OptionsError } from "../../core/errors.ts";

export interface DriveFolder {
  readonly path: string;
  remove(): void;
}

/**
 * The folder that a drive records into.
 * @param named is made, or is empty; `null` makes one in the folder for temporary files
 * @throws OptionsError
 */
export function openFolder(named: string | null): DriveFolder {
  const path = named === null ? mkdtempSync(join(tmpdir(), "millrace-verify-")) : emptyFolder(resolve(named));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

function emptyFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true });
    if (readdirSync(path).length === 0) return path;
  } catch (error) {
    throw new OptionsError(`the folder of the report cannot be used: ${(error as Error).message}`, { cause: error });
  }
  throw new OptionsError(`${path} is not empty; the report needs a folder of its own`);
}
