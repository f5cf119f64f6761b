import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";

const MOST_BYTES = 50 * 1_024 * 1_024;
const BLOCK = 512;
const [FILE, OLD_FILE, FOLDER] = ["0", "\0", "5"];

/**
 * Unpack an archive (`.tgz`) of somebody whom nobody knows: plain files in folders, nothing beside the folder that is given.
 * @throws Error that says what is wrong with it; files before that are written
 */
export function unpack(archive: Uint8Array, folder: string): void {
  const bytes = gunzip(archive);
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0;) {
    const header = bytes.subarray(at, at + BLOCK);
    const name = [textAt(header, 345, 155), textAt(header, 0, 100)].filter((part) => part !== "").join("/");
    const size = Number.parseInt(textAt(header, 124, 12), 8);
    const type = String.fromCharCode(header[156] ?? 0);
    const begin = at + BLOCK;
    if (!(size >= 0) || begin + size > bytes.length) throw new Error("the source ends in the middle of a file");
    if (isOutside(name)) throw new Error(`the source has an entry that lies outside of it: ${JSON.stringify(name)}`);
    if (type === FILE || type === OLD_FILE) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), bytes.subarray(begin, begin + size));
    } else if (type !== FOLDER) {
      throw new Error(`the source has an entry that is neither file nor folder: ${JSON.stringify(name)}`);
    }
    at = begin + Math.ceil(size / BLOCK) * BLOCK;
  }
}

function gunzip(archive: Uint8Array): Buffer {
  try {
    return gunzipSync(archive, { maxOutputLength: MOST_BYTES });
  } catch (error) {
    const isTooLarge = error instanceof RangeError;
    const what = isTooLarge ? `has more than ${MOST_BYTES} bytes when it is unpacked` : "is no gzip archive";
    throw new Error(`the source ${what}`, { cause: error });
  }
}

/** One that a system takes for a path from its root, or that leads up. */
function isOutside(name: string): boolean {
  return name === "" || /^[/\\]|^[A-Za-z]:|\\/.test(name) || name.split("/").includes("..");
}

function textAt(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end === -1 ? length : end).trim();
}
