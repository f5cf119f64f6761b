import { describe, expect, it } from "vitest";
import { parseShebang } from "./interpreter.ts";

describe("the first line of a script", () => {
  it.each([
    ["#!/bin/sh", { program: "/bin/sh", args: [] }],
    ["#! /bin/bash -eu", { program: "/bin/bash", args: ["-eu"] }],
    ["#!/usr/bin/env python3", { program: "python3", args: [] }],
    ["#!/usr/bin/env -S node --no-warnings", { program: "node", args: ["--no-warnings"] }],
    ["#!/usr/bin/env -S LANG=C perl -w", { program: "perl", args: ["-w"] }],
    ["#!/bin/bash\r", { program: "/bin/bash\r", args: [] }],
  ])("%j names the program that runs it", (line, expected) => {
    expect(parseShebang(line)).toEqual(expected);
  });

  it.each(["", "echo", "#! ", "# !/bin/sh", " #!/bin/sh"])("%j names none", (line) => {
    expect(parseShebang(line)).toBeUndefined();
  });
});
