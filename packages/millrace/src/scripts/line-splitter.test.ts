import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter, type SplitLine } from "./line-splitter.ts";

function split(chunks: readonly (string | Buffer)[], limitBytes = 1_000): SplitLine[] {
  const lines: SplitLine[] = [];
  const splitter = new LineSplitter(limitBytes, (line) => lines.push(line));
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

function texts(chunks: readonly (string | Buffer)[]): string[] {
  return split(chunks).map(({ text, ending }) => `${text}|${ending}`);
}

describe("the line splitter", () => {
  it("cuts at line feeds, and takes what is behind the last one as a line", () => {
    expect(texts(["one\ntw", "o\n\nthree"])).toEqual(["one|feed", "two|feed", "|feed", "three|end"]);
  });

  it("takes carriage return and line feed for one line end, also across chunks", () => {
    expect(texts(["one\r\ntwo\r", "\nthree\r\n"])).toEqual(["one|feed", "two|feed", "three|feed"]);
  });

  it("tells lines that are to be written over", () => {
    expect(texts(["\r10%\r20", "%\r", "30%\n40%\r"])).toEqual([
      "|return",
      "10%|return",
      "20%|return",
      "30%|feed",
      "40%|return",
    ]);
  });

  it("keeps characters whole that lie across chunks", () => {
    const bytes = Buffer.from("żółw 🐢\n");
    expect(texts([...bytes].map((byte) => Buffer.from([byte])))).toEqual(["żółw 🐢|feed"]);
  });

  it("makes U+FFFD of what is no UTF-8", () => {
    expect(texts([Buffer.from([0xff, 0xfe, 0x41, 0x0a])])).toEqual(["\uFFFD\uFFFDA|feed"]);
  });

  it("drops the rest of a line that is too long, and counts it", () => {
    expect(split(["12345678", "90\nabc\n"], 4)).toEqual([
      { text: "1234", ending: "feed", droppedBytes: 6 },
      { text: "abc", ending: "feed", droppedBytes: 0 },
    ]);
  });

  it("gives the same lines however the bytes are cut into chunks", () => {
    const byte = fc.oneof(fc.constantFrom(0x0a, 0x0d, 0x61), fc.nat(255));
    fc.assert(
      fc.property(fc.array(fc.array(byte)), (chunks) => {
        const whole = Buffer.from(chunks.flat());
        const pieces = chunks.map((bytes) => Buffer.from(bytes));
        expect(split(pieces, 8)).toEqual(split([whole], 8));
      }),
      { numRuns: 500 },
    );
  });
});
