import { randomBytes } from "node:crypto";

/** Bytes from one end to the other, both counted. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Where the bytes of artifacts lie. A place has a random name that is made here; nothing that a client sends is ever a
 * part of it.
 */
export interface Places {
  /** For people: which folder or bucket it is. */
  readonly text: string;
  /**
   * Write bytes to a new place. They are there, all of them and for good, when this resolves; when it throws, nothing is.
   * @throws what the bytes throw, or what goes wrong while they are written
   */
  write(place: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** The bytes of a place, read as they are taken; `null` when nothing lies there. Ends with the reader. */
  read(place: string, range: ByteRange): Promise<ReadableStream<Uint8Array> | null>;
  /** Delete what lies there, and what a writer that died has left; nothing there is fine. */
  delete(place: string): Promise<void>;
}

const PLACE = /^[\da-f]{40}$/;

export function newPlace(): string {
  return randomBytes(20).toString("hex");
}

/** What a store says is not believed to be the name of a place before it looks like one. */
export function checkPlace(place: string): string {
  if (!PLACE.test(place)) throw new Error(`"${place}" is no place of an artifact`);
  return place;
}
