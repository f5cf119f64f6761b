import { createReadStream } from "node:fs";
import { addAbortSignal, type Readable } from "node:stream";
import { MAX_JSON_BYTES } from "../../core/json.ts";
import { fileStore } from "../env.ts";
import { reasonOf } from "../payload.ts";
import { UsageError } from "../usage-error.ts";

/** Room for the largest payload and the largest result in one line, each with every character escaped. */
const LINE_LIMIT_BYTES = 16 * MAX_JSON_BYTES;
const LINE_FEED = 0x0a;
/** How the file of a store begins. */
const STORE_FILE = "SQLite format 3";

export interface NumberedLine {
  /** 1 is the first. */
  readonly number: number;
  readonly text: string;
}

/**
 * The lines of a file, or of standard input for `-`, in lists of as many as came together. Empty ones are left out.
 * @throws UsageError when it cannot be read, or holds what is no line of text
 */
export async function* readLines(file: string, signal: AbortSignal): AsyncGenerator<readonly NumberedLine[], void> {
  const name = file === "-" ? "standard input" : file;
  const stream: Readable = file === "-" ? process.stdin : createReadStream(file);
  addAbortSignal(signal, stream);
  const cutter = new LineCutter(name);
  try {
    for await (const chunk of stream) yield cutter.cut(Buffer.from(chunk as Uint8Array));
  } catch (error) {
    if (error instanceof UsageError || signal.aborted) throw error;
    throw new UsageError(`the export cannot be read from ${name}: ${reasonOf(error)}`);
  }
  yield cutter.end();
}

/** Cuts chunks of bytes into lines; memory is bounded by the longest line there may be. */
class LineCutter {
  readonly #name: string;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #parts: Buffer[] = [];
  #bytes = 0;
  #number = 0;

  constructor(name: string) {
    this.#name = name;
  }

  cut(chunk: Buffer): readonly NumberedLine[] {
    const lines: NumberedLine[] = [];
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, from)) {
      this.#hold(chunk.subarray(from, at));
      this.#take(lines);
      from = at + 1;
    }
    this.#hold(chunk.subarray(from));
    return lines;
  }

  end(): readonly NumberedLine[] {
    const lines: NumberedLine[] = [];
    this.#take(lines);
    return lines;
  }

  #hold(part: Buffer): void {
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes <= LINE_LIMIT_BYTES) return;
    throw new UsageError(
      `line ${this.#number + 1} of ${this.#name} is longer than ${LINE_LIMIT_BYTES} bytes; no line of an export is`,
    );
  }

  #take(lines: NumberedLine[]): void {
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    this.#number += 1;
    let text: string;
    try {
      text = this.#decoder.decode(bytes);
    } catch {
      const isStore = this.#number === 1 && bytes?.subarray(0, STORE_FILE.length).toString("latin1") === STORE_FILE;
      throw new UsageError(
        `line ${this.#number} of ${this.#name} is not UTF-8 text`,
        isStore ? { suggestion: `it is a store itself: millrace move --from ${fileStore(this.#name)} --to URL` } : {},
      );
    }
    if (text.trim() !== "") lines.push({ number: this.#number, text });
  }
}
