import { isMillraceError } from "../../core/errors.ts";
import { parseHeader, parseRecord, type TransferEnd } from "../../core/transfer-line.ts";
import { PAGE_CHARACTERS, PAGE_COUNT, type TransferRecord } from "../../core/transfer.ts";
import { locateJsonFault } from "../json-location.ts";
import { UsageError } from "../usage-error.ts";
import { readLines, type NumberedLine } from "./line-reader.ts";

/** Records, and the line that each came from. */
export interface FilePage {
  readonly records: readonly TransferRecord[];
  readonly lines: readonly number[];
}

type FileHeader = ReturnType<typeof parseHeader>;
type Lines = AsyncGenerator<readonly NumberedLine[], void>;

/** An export that is read from a file or from standard input: the header first, then the records, then how it ended. */
export class ExportFile {
  /** What to call it in a message. */
  readonly name: string;
  readonly header: FileHeader;
  readonly #lines: Lines;
  #end: TransferEnd | null = null;

  private constructor(name: string, header: FileHeader, lines: Lines) {
    this.name = name;
    this.header = header;
    this.#lines = lines;
  }

  /** @throws UsageError when there is nothing to read, or it is no export that this version understands */
  static async open(file: string, signal: AbortSignal): Promise<ExportFile> {
    const name = file === "-" ? "standard input" : file;
    const lines = readLines(file, signal);
    try {
      for (;;) {
        const next = await lines.next();
        if (next.done === true) {
          throw new UsageError(`${name} is empty; an export has at least a first and a last line`);
        }
        const [first, ...rest] = next.value;
        if (first !== undefined) return new ExportFile(name, headerOf(first, name), followedBy(rest, lines));
      }
    } catch (error) {
      await lines.return();
      throw error;
    }
  }

  /** @throws UsageError naming the first line that is wrong, or that the end is missing */
  async *pages(): AsyncGenerator<FilePage> {
    let records: TransferRecord[] = [];
    let numbers: number[] = [];
    let characters = 0;
    for await (const lines of this.#lines) {
      for (const line of lines) {
        if (this.#end !== null) {
          const hint = "two exports cannot be imported as one";
          throw this.#wrong(line, "it stands behind the end of the export", hint);
        }
        const record = this.#parse(line);
        if (record.type === "end") {
          this.#end = record.end;
          continue;
        }
        records.push(record);
        numbers.push(line.number);
        characters += line.text.length;
        if (records.length < PAGE_COUNT && characters < PAGE_CHARACTERS) continue;
        yield { records, lines: numbers };
        [records, numbers, characters] = [[], [], 0];
      }
    }
    if (records.length > 0) yield { records, lines: numbers };
  }

  /** What the export says of itself at its end. @throws UsageError when it has none: it was cut */
  end(): TransferEnd {
    if (this.#end !== null) return this.#end;
    throw new UsageError(`${this.name} was cut: its last line is missing, which says how much there is`, {
      suggestion: "export again, or copy the file again",
    });
  }

  async close(): Promise<void> {
    await this.#lines.return();
  }

  #parse(line: NumberedLine): ReturnType<typeof parseRecord> {
    let value: unknown;
    try {
      value = JSON.parse(line.text);
    } catch {
      const fault = locateJsonFault(line.text);
      const where =
        fault === null ? "" : ` at column ${fault.column}: found ${fault.found}, expected ${fault.expected}`;
      throw this.#wrong(line, `it is not JSON${where}`, "was the file cut, or edited?");
    }
    try {
      return parseRecord(value, this.header.version);
    } catch (error) {
      throw isMillraceError(error) ? this.#wrong(line, error.message) : error;
    }
  }

  #wrong(line: NumberedLine, sentence: string, suggestion?: string): UsageError {
    return wrongLine(this.name, line.number, sentence, suggestion);
  }
}

async function* followedBy(some: readonly NumberedLine[], lines: Lines): Lines {
  yield some;
  yield* lines;
}

function wrongLine(name: string, line: number, sentence: string, suggestion?: string): UsageError {
  return new UsageError(`line ${line} of ${name}: ${sentence}`, suggestion === undefined ? {} : { suggestion });
}

function headerOf(line: NumberedLine, name: string): FileHeader {
  try {
    return parseHeader(jsonOf(line.text.replace(/^\u{feff}/u, "")));
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    throw wrongLine(name, line.number, error.message);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
