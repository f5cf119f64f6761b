const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/** How a line ended: with a line feed, with a lone carriage return (to be written over), or with the stream. */
export type LineEnding = "feed" | "return" | "end";

export interface SplitLine {
  readonly text: string;
  readonly ending: LineEnding;
  /** Bytes beyond the limit, which were dropped. */
  readonly droppedBytes: number;
}

/**
 * Cuts a stream of bytes into lines of text. Characters of several bytes may lie across chunks, since only whole
 * lines are decoded; what is no UTF-8 becomes U+FFFD. Memory is bounded: of a longer line the rest is dropped.
 */
export class LineSplitter {
  readonly #limitBytes: number;
  readonly #emit: (line: SplitLine) => void;
  #buffer = Buffer.allocUnsafe(256);
  #length = 0;
  #droppedBytes = 0;
  /** A carriage return ended the last chunk; whether a line feed follows is not known yet. */
  #isReturnHeld = false;

  constructor(limitBytes: number, emit: (line: SplitLine) => void) {
    this.#limitBytes = limitBytes;
    this.#emit = emit;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    let from = 0;
    if (this.#isReturnHeld) {
      this.#isReturnHeld = false;
      const isPair = chunk[0] === LINE_FEED;
      this.#flush(isPair ? "feed" : "return");
      if (isPair) from = 1;
    }
    // Each byte is looked at once for either mark, however many lines the chunk has.
    let feedAt = indexOrEnd(chunk, LINE_FEED, from);
    let returnAt = indexOrEnd(chunk, RETURN, from);
    while (from < chunk.length) {
      const at = Math.min(feedAt, returnAt);
      this.#append(chunk, from, at);
      if (at === chunk.length) return;
      if (at === feedAt) {
        this.#flush("feed");
        from = at + 1;
        feedAt = indexOrEnd(chunk, LINE_FEED, from);
        continue;
      }
      returnAt = indexOrEnd(chunk, RETURN, at + 1);
      if (at + 1 === chunk.length) {
        this.#isReturnHeld = true;
        return;
      }
      const isPair = feedAt === at + 1;
      this.#flush(isPair ? "feed" : "return");
      from = isPair ? at + 2 : at + 1;
      if (isPair) feedAt = indexOrEnd(chunk, LINE_FEED, from);
    }
  }

  /** The stream has ended; what lies behind the last line end is a line too. */
  end(): void {
    if (this.#isReturnHeld) this.#flush("return");
    else if (this.#length > 0 || this.#droppedBytes > 0) this.#flush("end");
    this.#isReturnHeld = false;
  }

  #append(chunk: Buffer, from: number, to: number): void {
    const kept = Math.min(to - from, this.#limitBytes - this.#length);
    this.#droppedBytes += to - from - kept;
    if (this.#length + kept > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#length + kept, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    chunk.copy(this.#buffer, this.#length, from, from + kept);
    this.#length += kept;
  }

  #flush(ending: LineEnding): void {
    const line = { text: this.#buffer.toString("utf8", 0, this.#length), ending, droppedBytes: this.#droppedBytes };
    this.#length = 0;
    this.#droppedBytes = 0;
    this.#emit(line);
  }
}

function indexOrEnd(chunk: Buffer, byte: number, from: number): number {
  const at = chunk.indexOf(byte, from);
  return at === -1 ? chunk.length : at;
}
