import { createHash } from "node:crypto";
import { InputError } from "../../core/errors.ts";
import { Refusal } from "../refusal.ts";

export interface MeasureOptions {
  /** The most bytes. */
  readonly limit: number;
  /** How long the sender may be silent, in milliseconds. */
  readonly silenceMs: number;
  /** As the sender told it, in hexadecimal digits; the bytes end with an error when they have another. */
  readonly sha256: string | undefined;
  /** Called after each chunk. */
  readonly onChunk: () => Promise<void>;
}

/** Bytes on their way from a client: counted, hashed, and no more and no slower than they may be. */
export class Measured implements AsyncIterable<Uint8Array> {
  size = 0;
  /** In hexadecimal digits, once all bytes have gone through. */
  sha256 = "";
  readonly #source: ReadableStream<Uint8Array> | null;
  readonly #options: MeasureOptions;

  constructor(source: ReadableStream<Uint8Array> | null, options: MeasureOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** @throws InputError `payload_too_large` or `request_invalid`, Refusal `request_timeout`, what the source throws */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const { limit, sha256, onChunk } = this.#options;
    const hash = createHash("sha256");
    const reader = this.#source?.getReader();
    try {
      for (;;) {
        const next = reader === undefined ? { done: true as const, value: undefined } : await this.#next(reader);
        if (next.done) break;
        this.size += next.value.byteLength;
        if (this.size > limit) throw tooLarge(limit);
        hash.update(next.value);
        yield next.value;
        await onChunk();
      }
    } finally {
      // Whoever stops early reads no further; at the end there is nothing left to cancel.
      await reader?.cancel().catch(() => undefined);
    }
    this.sha256 = hash.digest("hex");
    if (sha256 === undefined || sha256 === this.sha256) return;
    throw new InputError("request_invalid", `the bytes that came have the SHA-256 ${this.sha256}, and not ${sha256}`, {
      details: { expected: sha256, found: this.sha256, size: this.size },
    });
  }

  async #next(reader: ReadableStreamDefaultReader<Uint8Array>): ReturnType<typeof reader.read> {
    const { silenceMs } = this.#options;
    const silent = Promise.withResolvers<never>();
    const message = `no more of the bytes has arrived for ${silenceMs} ms`;
    const timer = setTimeout(() => silent.reject(new Refusal("request_timeout", message)), silenceMs);
    try {
      return await Promise.race([reader.read(), silent.promise]);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      throw new InputError("request_invalid", `the bytes broke off after ${this.size}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

export function tooLarge(limit: number): InputError {
  return new InputError("payload_too_large", `an artifact has at most ${limit} bytes`);
}
