import { describe, expect, it } from "vitest";
import { MAX_LOG_LINE_LENGTH } from "../core/log-line.ts";
import { parseProgress, ScriptOutput } from "./script-output.ts";

function listen() {
  const kept: string[] = [];
  const clock = { now: 0 };
  const output = new ScriptOutput(
    {
      progress: (percent, message) => kept.push(`progress ${percent} ${message ?? "-"}`),
      log: (text) => kept.push(`log ${text}`),
      output: (stream, text) => kept.push(`${stream} ${text}`),
    },
    () => clock.now,
  );
  return { kept, clock, output, print: (text: string) => output.stdout.push(Buffer.from(text)) };
}

describe("what a script prints", () => {
  it("is its log, line by line, and its result is the last line that is JSON", () => {
    const { kept, output, print } = listen();
    print('{"size":1}\n{"size":2}\n{not json}\nbye\n');
    output.stderr.push(Buffer.from('{"size":3}\n'));
    expect(output.result()).toEqual({ size: 2 });
    expect(kept).toEqual([
      'stdout {"size":1}',
      'stdout {"size":2}',
      "stdout {not json}",
      "stdout bye",
      'stderr {"size":3}',
    ]);
  });

  it.each([
    ["[1,2]", [1, 2]],
    ['"text"', "text"],
    ["-4.5e3", -4500],
    ["true", true],
    ["null", null],
    ['  {"a":{}}  ', { a: {} }],
  ])("may be the result %s", (line, value) => {
    const { output, print } = listen();
    print(`hello\n${line}\nthat is all\n`);
    expect(output.result()).toEqual(value);
  });

  it("may lack a result", () => {
    const { output, print } = listen();
    print("hello\n{\n12 files\n[x]\n1.2.3\n");
    expect(output.result()).toBeUndefined();
  });

  it("tells of a result that is too long, unless another one follows", () => {
    const { output, print } = listen();
    print(`{"a":"${"x".repeat(1_100_000)}"}\n`);
    expect(output.oversizedResult()).toContain("a line of 1100008 bytes");
    print("{}\n");
    expect(output.oversizedResult()).toBeUndefined();
  });

  it("reports progress, which is not part of the log", () => {
    const { kept, print } = listen();
    print("::progress 40 second pass\n::progress 50\n::progress much\n");
    expect(kept).toEqual(["progress 40 second pass", "progress 50 -", "stdout ::progress much"]);
  });

  it("keeps a line that is written over at most once a second, and the one that stays", () => {
    const { kept, clock, print } = listen();
    print("\r1%\r2%\r3%");
    clock.now = 1_000;
    print("\r4%\r100%\n");
    expect(kept).toEqual(["stdout 1%", "stdout 3%", "stdout 100%"]);
  });

  it("has lines cut to what a log takes, without half a character at the end", () => {
    const { kept, print } = listen();
    print(`${"a".repeat(MAX_LOG_LINE_LENGTH - 2)}🐢🐢\n${"b".repeat(MAX_LOG_LINE_LENGTH)}\n`);
    expect(kept).toEqual([
      `stdout ${"a".repeat(MAX_LOG_LINE_LENGTH - 2)}…`,
      `stdout ${"b".repeat(MAX_LOG_LINE_LENGTH)}`,
    ]);
  });

  it("leaves the last lines of stderr behind", () => {
    const { output } = listen();
    for (let line = 1; line <= 20; line++) output.stderr.push(Buffer.from(`line ${line}\n\n`));
    expect(output.tail()).toEqual(Array.from({ length: 8 }, (_, at) => `line ${at + 13}`));
  });

  it("is still heard when it ends without a line end", () => {
    const { kept, output, print } = listen();
    print("[1");
    print("2]");
    output.stdout.end();
    expect(kept).toEqual(["stdout [12]"]);
    expect(output.result()).toEqual([12]);
  });
});

describe("a progress line", () => {
  it.each([
    ["::progress 12.5% half way \r", { percent: 12.5, message: "half way" }],
    ["::progress 250", { percent: 100, message: undefined }],
    ["::progress\t7\tseven", { percent: 7, message: "seven" }],
  ])("%j is understood", (text, expected) => {
    expect(parseProgress(text)).toEqual(expected);
  });

  it.each(["::progress", "::progress -1", "::progress x", " ::progress 1", "::progress 5x", ":progress 5"])(
    "%j is a line like any other",
    (text) => {
      expect(parseProgress(text)).toBeUndefined();
    },
  );
});
