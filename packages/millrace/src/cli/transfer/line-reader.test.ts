import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLines, type NumberedLine } from "./line-reader.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-lines-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function linesOf(content: string | Buffer): Promise<readonly NumberedLine[]> {
  const file = join(folder, "lines");
  writeFileSync(file, content);
  const lines: NumberedLine[] = [];
  for await (const some of readLines(file, new AbortController().signal)) lines.push(...some);
  return lines;
}

describe("the lines of a file", () => {
  test("are numbered from 1, empty ones too, which are left out", async () => {
    expect(await linesOf("a\r\n\n  \nb")).toEqual([
      { number: 1, text: "a\r" },
      { number: 4, text: "b" },
    ]);
    expect(await linesOf("a\n")).toEqual([{ number: 1, text: "a" }]);
    expect(await linesOf("")).toEqual([]);
  });

  test("may be longer than a chunk, with a character across two", async () => {
    const long = "é".repeat(100_001);
    const lines = await linesOf(`x${long}\n${long}\n`);
    expect(lines.map(({ text }) => text)).toEqual([`x${long}`, long]);
  });

  test("are not read on beyond the longest there may be", async () => {
    await expect(linesOf(`a\n${"x".repeat(17 * 1_048_576)}`)).rejects.toThrow(/line 2 of .+ is longer than \d+ bytes/);
  });

  test("are UTF-8 text", async () => {
    await expect(linesOf(Buffer.from([0x61, 0x0a, 0xc3, 0x0a]))).rejects.toThrow(/line 2 of .+ is not UTF-8 text/);
  });

  test("end when somebody wants them to", async () => {
    const interruption = new AbortController();
    const file = join(folder, "lines");
    writeFileSync(file, "a\n".repeat(100_000));
    const lines = readLines(file, interruption.signal);
    await lines.next();
    interruption.abort();
    await expect(lines.next()).rejects.toThrow(/abort/);
  });
});
