import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exportToFile, refuseExisting } from "./export-sink.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-sink-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("an export to a file", () => {
  test("is not there before all of it is, and then under its name alone", async () => {
    const file = join(folder, "x.jsonl");
    const sink = await exportToFile(file);
    await sink.write("one\n");
    expect(readdirSync(folder)).not.toContain("x.jsonl");
    await sink.write("two\n");
    await sink.keep();
    await sink.close();
    expect(readdirSync(folder)).toEqual(["x.jsonl"]);
    expect(readFileSync(file, "utf8")).toBe("one\ntwo\n");
  });

  test("leaves nothing when it is not kept, and what was there as it was", async () => {
    const file = join(folder, "x.jsonl");
    writeFileSync(file, "mine");
    expect(() => refuseExisting(file, {})).toThrow(/is there already/);
    expect(() => refuseExisting(file, { overwrite: true })).not.toThrow();
    const sink = await exportToFile(file);
    await sink.write("half");
    await sink.close();
    expect(readdirSync(folder)).toEqual(["x.jsonl"]);
    expect(readFileSync(file, "utf8")).toBe("mine");
  });
});
