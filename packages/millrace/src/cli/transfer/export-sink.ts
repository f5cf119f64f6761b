import { existsSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { EXIT_CODES } from "../exit-codes.ts";
import type { Output } from "../output.ts";
import { reasonOf } from "../payload.ts";
import { UsageError } from "../usage-error.ts";

/** Where an export goes. What was not kept is gone. */
export interface ExportSink {
  write(text: string): Promise<void>;
  /** All has been written. */
  keep(): Promise<void>;
  /** Once, at the end. */
  close(): Promise<void>;
}

/** Standard output takes things as they come, and nothing can be taken back from it. */
export function standardOutput(out: Output): ExportSink {
  return { write: async (text) => out.stream(text), keep: async () => undefined, close: async () => undefined };
}

/** @throws UsageError when there is such a file, and it may not be written over */
export function refuseExisting(file: string, flags: { readonly overwrite?: true }): void {
  if (flags.overwrite === true || !existsSync(file)) return;
  throw new UsageError(`${file} is there already`, {
    exitCode: EXIT_CODES.state_conflict,
    suggestion: "name another file, or give --overwrite",
  });
}

/** A file that is there only when all of it is: until then it has another name beside it. */
export async function exportToFile(file: string): Promise<ExportSink> {
  const partial = `${file}.partial-${process.pid}`;
  const handle = await writing(file, async () => open(partial, "w"));
  let isKept = false;
  return {
    write: async (text) => writing(file, async () => handle.writeFile(text)),
    keep: async () =>
      writing(file, async () => {
        await handle.sync();
        await rename(partial, file);
        isKept = true;
      }),
    close: async () => {
      await handle.close();
      if (!isKept) await rm(partial, { force: true });
    },
  };
}

async function writing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new UsageError(`${file} cannot be written: ${isMissing ? "there is no such folder" : reasonOf(error)}`);
  }
}
