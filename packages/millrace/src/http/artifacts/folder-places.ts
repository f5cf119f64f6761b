import { accessSync, constants, statSync } from "node:fs";
import { mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { OptionsError } from "../../core/errors.ts";
import { checkPlace, type ByteRange, type Places } from "./places.ts";

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;
const UNFINISHED = ".part";

/**
 * Places in a folder, which is made when it is first written to: `ab/abcdef…`. Bytes are written to a name of their own
 * and flushed; then the file gets its name, and the folder is flushed.
 */
export class FolderPlaces implements Places {
  readonly text: string;
  readonly #root: string;

  /** @throws OptionsError for what is there and cannot be written to */
  constructor(folder: string) {
    this.#root = resolve(folder);
    this.text = this.#root;
    refuseUnfit(this.#root);
  }

  async write(place: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const file = this.#fileOf(place);
    const folder = dirname(file);
    const unfinished = file + UNFINISHED;
    await this.#makeFolder(folder);
    const handle = await open(unfinished, "wx", OWNER_ONLY_FILE);
    try {
      try {
        for await (const chunk of bytes) await writeAll(handle, chunk);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(unfinished, file);
      await flushFolder(folder);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  async read(place: string, { first, last }: ByteRange): Promise<ReadableStream<Uint8Array> | null> {
    const handle = await open(this.#fileOf(place), constants.O_RDONLY | constants.O_NOFOLLOW).catch(nothingThere);
    if (handle === null) return null;
    // An empty file has no last byte, and a stream always reads one.
    if (last < first) {
      await handle.close();
      return new Blob([]).stream();
    }
    return Readable.toWeb(handle.createReadStream({ start: first, end: last })) as ReadableStream<Uint8Array>;
  }

  async delete(place: string): Promise<void> {
    const file = this.#fileOf(place);
    await rm(file + UNFINISHED, { force: true });
    await rm(file, { force: true });
  }

  #fileOf(place: string): string {
    return join(this.#root, checkPlace(place).slice(0, 2), place);
  }

  async #makeFolder(folder: string): Promise<void> {
    const made = await mkdir(folder, { recursive: true, mode: OWNER_ONLY_FOLDER });
    // A new folder is there for good when its parent has been flushed; so are the parents that came with it.
    if (made === undefined) return;
    for (let each = folder; each.length >= made.length; each = dirname(each)) await flushFolder(dirname(each));
  }
}

function nothingThere(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}

function refuseUnfit(folder: string): void {
  let isFolder: boolean | undefined;
  try {
    isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory();
    if (isFolder === true) accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new OptionsError(`artifacts cannot lie in ${folder}: ${(cause as Error).message}`, { cause });
  }
  if (isFolder === false) throw new OptionsError(`artifacts cannot lie in ${folder}: it is no folder`);
}

/** A write may take less than it was given. */
async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten;
}

async function flushFolder(folder: string): Promise<void> {
  // Windows has no flush for folders.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
