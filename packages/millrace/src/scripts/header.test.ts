import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseScriptHeader } from "./header.ts";

function headerOf(text: string) {
  return parseScriptHeader(text).header;
}

describe("the header of a script", () => {
  it("is read from # comments after the #! line", () => {
    const { header, warnings } = parseScriptHeader(
      [
        "#!/usr/bin/env bash",
        "# name: make-thumbnail",
        "# Description: Makes a small picture",
        "# inputs: source (required), width (optional), outDir",
        "# outputs: path (required)",
        "# TAGS: media, image , media,",
        "# timeout: 90",
        "# task_class: FAST_SCRIPT",
        "# queue: media",
        "# maxAttempts: 5",
        "# requires: ffmpeg, gpu",
        "set -e",
        "# name: too late",
      ].join("\n"),
    );
    expect(warnings).toEqual([]);
    expect(header).toEqual({
      name: "make-thumbnail",
      description: "Makes a small picture",
      inputs: [
        { name: "source", required: true },
        { name: "width", required: false },
        { name: "outDir", required: false },
      ],
      outputs: [{ name: "path", required: true }],
      tags: ["media", "image"],
      timeoutMs: 90_000,
      taskClass: "FAST_SCRIPT",
      queue: "media",
      maxAttempts: 5,
      requires: ["ffmpeg", "gpu"],
    });
  });

  it("is read from // comments, with Windows line ends and a byte order mark", () => {
    expect(headerOf("\uFEFF#!/usr/bin/env node\r\n// name: pack\r\n// tags: a\r\nconst x = 1;")).toMatchObject({
      name: "pack",
      tags: ["a"],
    });
  });

  it("may have blank lines in it", () => {
    expect(headerOf("\n\n# name: a\n\n#\n# tags: x\n\ncode\n")).toMatchObject({ name: "a", tags: ["x"] });
  });

  it("goes on with a value in comments without a colon", () => {
    const text = "# description: Counts words\n#   and lines\n# of a file\n# inputs: a (required),\n#  b (optional)";
    expect(headerOf(text)).toMatchObject({
      description: "Counts words and lines of a file",
      inputs: [
        { name: "a", required: true },
        { name: "b", required: false },
      ],
    });
  });

  it("ends a value at an unknown key, and goes on with the next known one", () => {
    const text = "# description: Counts\n# author: somebody\n# who lives here\n# tags: x";
    expect(headerOf(text)).toMatchObject({ description: "Counts", tags: ["x"] });
  });

  it("ends a value at a blank line, so that a licence does not become part of it", () => {
    expect(headerOf("# timeout: 30\n#\n# All rights reserved")).toMatchObject({ timeoutMs: 30_000 });
  });

  it("takes a value that begins on the line after its key", () => {
    expect(headerOf("# description:\n#   Counts words")).toMatchObject({ description: "Counts words" });
  });

  it("keeps colons inside a value", () => {
    expect(headerOf("# description: see https://example.org/a:b")).toMatchObject({
      description: "see https://example.org/a:b",
    });
  });

  it("keeps a comma inside brackets together", () => {
    expect(headerOf("# inputs: file (required, a path), size").inputs).toEqual([
      { name: "file", required: true },
      { name: "size", required: false },
    ]);
  });

  it("ends at the first line that is no comment", () => {
    expect(headerOf("echo hello\n# name: a").name).toBeNull();
  });

  it.each([
    ["30", 30_000],
    ["1.5", 1_500],
    ["90s", 90_000],
    ["5m", 300_000],
    ["2 H", 7_200_000],
  ])("understands the timeout %s", (text, timeoutMs) => {
    expect(parseScriptHeader(`# timeout: ${text}`)).toMatchObject({ header: { timeoutMs }, warnings: [] });
  });

  it.each([
    ["soon", "not a number of seconds"],
    ["", "not a number of seconds"],
    ["0x10", "not a number of seconds"],
    ["5 minutes", "not a number of seconds"],
    ["0", "more than 0"],
    ["-5", "more than 0"],
    ["0.0001", "more than 0"],
    ["9999h", "the longest is 596h"],
  ])("ignores the timeout %j with a warning that names its line", (text, expected) => {
    const { header, warnings } = parseScriptHeader(`# name: a\n# timeout: ${text}`);
    expect(header.timeoutMs).toBeNull();
    expect(warnings).toEqual([expect.stringMatching(`^line 2: timeout .* is ignored: .*${expected}`)]);
  });

  it("warns of names that cannot be used, of bad counts and of keys given twice", () => {
    const { header, warnings } = parseScriptHeader("# name: a/b\n# queue:\n# maxAttempts: 0\n# tags: a\n# Tags: b");
    expect(header).toMatchObject({ name: null, queue: null, maxAttempts: null, tags: ["a"] });
    expect(warnings.map((warning) => warning.slice(0, 6))).toEqual(["line 5", "line 1", "line 2", "line 3"]);
  });

  it("is found in any text without throwing", () => {
    const key = fc.constantFrom(
      "name",
      "inputs",
      "tags",
      "timeout",
      "queue",
      "maxAttempts",
      "__proto__",
      "constructor",
    );
    const comment = fc.tuple(fc.constantFrom("#", "//", " # "), key, fc.string({ unit: "binary" }));
    const headed = fc
      .array(comment.map(([mark, name, value]) => `${mark}${name}: ${value}`))
      .map((lines) => lines.join("\n"));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), headed), (text) => {
        const { header, warnings } = parseScriptHeader(text);
        expect(header.timeoutMs ?? 1).toBeGreaterThan(0);
        expect(warnings.every((warning) => warning.startsWith("line "))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it("comes back as it was written", () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(word),
        fc.uniqueArray(word),
        fc.integer({ min: 1, max: 100_000 }),
        (tags, names, seconds) => {
          const inputs = names.map((name, index) => ({ name, required: index % 2 === 0 }));
          const written = inputs.map(({ name, required }) => `${name} (${required ? "required" : "optional"})`);
          const text = `# tags: ${tags.join(", ")}\n# inputs: ${written.join(", ")}\n# timeout: ${seconds}\n`;
          expect(headerOf(text)).toMatchObject({ tags, inputs, timeoutMs: seconds * 1_000 });
        },
      ),
    );
  });
});
