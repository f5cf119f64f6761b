import { formatAge } from "./instant.ts";
import { createPalette, type Palette } from "./palette.ts";
import { ProgressBar } from "./progress-bar.ts";
import { layoutFields, layoutTable, type Column } from "./table.ts";

type Stream = Pick<NodeJS.WriteStream, "isTTY" | "columns" | "write" | "on">;

interface OutputOptions {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly allowsColour: boolean;
}

/**
 * All that the command line prints: answers on standard output, remarks and errors on standard error.
 * A terminal gets colours, ages and tables cut to its width; a pipe gets the same columns whole, with ISO times;
 * `--json` gets one document, or one JSON text per line where answers come one by one.
 */
export class Output {
  isJson = false;
  readonly isTerminal: boolean;
  readonly palette: Palette;
  readonly errorPalette: Palette;
  readonly progress: ProgressBar;
  readonly #stdout: Stream;
  readonly #stderr: Stream;
  #isGone = false;
  #failure: Error | null = null;
  #onGone: () => void = () => undefined;

  constructor({ stdout, stderr, allowsColour }: OutputOptions) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.isTerminal = stdout.isTTY;
    this.palette = createPalette(this.isTerminal && allowsColour);
    this.errorPalette = createPalette(stderr.isTTY && allowsColour);
    this.progress = new ProgressBar(stderr, this.errorPalette);
    stdout.on("error", (error: NodeJS.ErrnoException) => this.#gone(error));
    // Nobody is left to be told that standard error is gone.
    stderr.on("error", () => undefined);
  }

  /** Whether anybody sees the progress bar. */
  get isProgressShown(): boolean {
    return this.#stderr.isTTY;
  }

  /** Call this when nobody reads standard output any more. Unless it ends something, the command goes on unheard. */
  whenGone(act: () => void): void {
    this.#onGone = act;
    if (this.#isGone) act();
  }

  /** Resolves when all has been written, or has failed to be: with why, if it is not the reader who has gone. */
  async flushed(): Promise<Error | null> {
    for (const stream of [this.#stdout, this.#stderr]) {
      await new Promise<void>((resolve) => {
        stream.write("", () => resolve());
      });
    }
    // The stream tells of an error after it has called back.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    return this.#failure;
  }

  /** The answer of a command: a JSON document, or lines for a person. */
  answer(value: unknown, lines: () => readonly string[]): void {
    if (this.isJson) this.#write(JSON.stringify(value, null, this.isTerminal ? 2 : 0));
    else for (const line of lines()) this.#write(line);
  }

  /** One of many answers, as it comes. */
  item(value: unknown, line: () => string): void {
    this.#write(this.isJson ? JSON.stringify(value) : line());
  }

  table<Row>(value: unknown, columns: readonly Column<Row>[], rows: readonly Row[], empty: string): void {
    this.answer(value, () => {
      if (rows.length === 0) return [empty];
      const width = this.isTerminal ? (this.#stdout.columns ?? 80) : null;
      return layoutTable(columns, rows, { width, title: this.palette.title });
    });
  }

  fields(value: unknown, fields: () => readonly (readonly [string, string])[]): void {
    this.answer(value, () => layoutFields(fields(), this.palette.dim));
  }

  /** Text for a person only, on standard output; nothing with `--json`. */
  say(line: string): void {
    if (!this.isJson) this.#write(line);
  }

  /** Text as it is, without a line end of its own. */
  raw(stream: "stdout" | "stderr", text: string): void {
    this.progress.clear();
    (stream === "stdout" ? this.#stdout : this.#stderr).write(text);
  }

  /** Text as it is on standard output, as fast as it is read there; resolves when it has been taken. */
  async stream(text: string): Promise<void> {
    if (this.#isGone) return;
    await new Promise<void>((resolve) => {
      this.#stdout.write(text, () => resolve());
    });
  }

  /** A remark on standard error, which no pipe reads by mistake. */
  note(line: string): void {
    this.progress.clear();
    this.#stderr.write(`${line}\n`);
  }

  /** A time for whoever reads: an age at a terminal, else ISO 8601; `""` for none. */
  instant(at: Date | null): string {
    if (at === null) return "";
    return this.isTerminal ? formatAge(at, Date.now()) : at.toISOString();
  }

  /** `millrace jobs list | head` is done when head is, and that is no failure; a full disk is. */
  #gone(error: NodeJS.ErrnoException): void {
    this.#isGone = true;
    if (error.code !== "EPIPE") this.#failure = error;
    this.#onGone();
  }

  #write(line: string): void {
    if (this.#isGone) return;
    this.progress.clear();
    this.#stdout.write(`${line}\n`);
  }
}
