import { closeSync, openSync, readSync } from "node:fs";
import { basename } from "node:path";
import { InputError } from "../../core/errors.ts";
import { show } from "../../core/options.ts";

const CHUNK_BYTES = 1 << 20;

/** A JSON object, and the file and the line where it is. */
export interface LocatedLine {
  readonly line: object;
  readonly where: string;
}

/**
 * The JSON texts of a file, a line each, read as they are asked for. The last one of a process that was killed may be
 * cut, and is left out then.
 * @throws InputError for a whole line that is no JSON object
 */
export function* readLines(path: string): Generator<LocatedLine> {
  const file = openSync(path, "r");
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let rest = Buffer.alloc(0);
    let number = 0;
    for (;;) {
      const bytes = readSync(file, chunk, 0, CHUNK_BYTES, null);
      if (bytes === 0) break;
      const text = Buffer.concat([rest, chunk.subarray(0, bytes)]);
      let from = 0;
      for (let to = text.indexOf(10, from); to !== -1; to = text.indexOf(10, from)) {
        number += 1;
        if (to > from) yield parseLine(text.toString("utf8", from, to), path, number);
        from = to + 1;
      }
      rest = Buffer.from(text.subarray(from));
    }
    const last = rest.toString("utf8");
    if (isWhole(last)) yield parseLine(last, path, number + 1);
  } finally {
    closeSync(file);
  }
}

/** A line that nobody has ended may still be all of it. */
function isWhole(text: string): boolean {
  try {
    return text !== "" && JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

function parseLine(text: string, path: string, number: number): LocatedLine {
  const where = `${basename(path)}, line ${number}`;
  try {
    const line: unknown = JSON.parse(text);
    if (typeof line === "object" && line !== null) return { line, where };
  } catch {
    // Told below, with where it is.
  }
  throw new InputError("request_invalid", `${where}: ${show(text)} is no JSON object; each line must be one`);
}
