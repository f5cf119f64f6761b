import type { HandlerContext } from "../core/handler.ts";
import { MAX_JSON_BYTES, type JsonValue } from "../core/json.ts";
import { MAX_LOG_LINE_LENGTH } from "../core/log-line.ts";
import { LineSplitter, type SplitLine } from "./line-splitter.ts";

/** Where a script's lines and its progress go. */
export type ScriptReport = Pick<HandlerContext, "progress" | "log" | "output">;

type Stream = "stdout" | "stderr";

/** Of a line that is written over and over (a progress bar), one in this time is kept. */
const REWRITE_EVERY_MS = 1_000;
const TAIL_LINES = 8;
const TAIL_LINE_LENGTH = 300;
const MAX_PROGRESS_MESSAGE_LENGTH = 500;

/** What a script prints, line by line: its log, its progress, its result, and the last words of its stderr. */
export class ScriptOutput {
  readonly stdout = new LineSplitter(MAX_JSON_BYTES, (line) => this.#take("stdout", line));
  readonly stderr = new LineSplitter(MAX_JSON_BYTES, (line) => this.#take("stderr", line));
  readonly #report: ScriptReport;
  readonly #now: () => number;
  readonly #rewrittenAt: Record<Stream, number> = { stdout: -Infinity, stderr: -Infinity };
  readonly #tail: string[] = [];
  #result: string | undefined;
  #oversized: string | undefined;

  constructor(report: ScriptReport, now: () => number = () => performance.now()) {
    this.#report = report;
    this.#now = now;
  }

  /** The last line of stdout that is JSON; `undefined` when none was. */
  result(): JsonValue | undefined {
    return this.#result === undefined ? undefined : (JSON.parse(this.#result) as JsonValue);
  }

  /** A line that came after the result and might have been one, had it not been too long. */
  oversizedResult(): string | undefined {
    return this.#oversized;
  }

  /** The last lines of stderr that say something. */
  tail(): readonly string[] {
    return this.#tail;
  }

  #take(stream: Stream, line: SplitLine): void {
    const { text, ending, droppedBytes } = line;
    if (stream === "stdout") {
      const progress = parseProgress(text);
      if (progress !== undefined) {
        this.#report.progress(progress.percent, progress.message);
        return;
      }
      this.#noteResult(text, droppedBytes);
    } else if (text.trim() !== "") {
      this.#tail.push(cut(text.trimEnd(), TAIL_LINE_LENGTH));
      if (this.#tail.length > TAIL_LINES) this.#tail.shift();
    }
    if (ending === "return" && !this.#mayRewrite(stream, text)) return;
    this.#report.output(stream, cut(text, MAX_LOG_LINE_LENGTH));
  }

  #mayRewrite(stream: Stream, text: string): boolean {
    const now = this.#now();
    if (text === "" || now - this.#rewrittenAt[stream] < REWRITE_EVERY_MS) return false;
    this.#rewrittenAt[stream] = now;
    return true;
  }

  #noteResult(text: string, droppedBytes: number): void {
    if (droppedBytes > 0) {
      if (/^\s*[[{]/.test(text)) {
        this.#oversized = `a line of ${Buffer.byteLength(text) + droppedBytes} bytes; a result has at most ${MAX_JSON_BYTES}`;
      }
    } else if (isJson(text)) {
      this.#result = text;
      this.#oversized = undefined;
    }
  }
}

/** `::progress 40 second pass`: how far the script is, from 0 to 100, and what it does. */
export function parseProgress(text: string): { percent: number; message: string | undefined } | undefined {
  const match = /^::progress[ \t]+(\d{1,9}(?:\.\d{1,9})?)%?(?:[ \t]+(.*))?$/s.exec(text.trimEnd());
  if (match === null) return undefined;
  const message = match[2]?.trim();
  return {
    percent: Math.min(100, Number(match[1])),
    message: message === undefined || message === "" ? undefined : cut(message, MAX_PROGRESS_MESSAGE_LENGTH),
  };
}

/** Most lines are no JSON, and their first and last character say so without parsing. */
const LIKE_JSON = /^\s*(?:\{.*\}|\[.*\]|".*"|-?\d[\d.eE+-]*|true|false|null)\s*$/s;

function isJson(text: string): boolean {
  if (!LIKE_JSON.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** At most so many characters, the last one telling of the cut, and no half of a pair left over. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
