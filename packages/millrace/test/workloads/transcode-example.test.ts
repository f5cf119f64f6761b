import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { quietEnvironment } from "../cli/spawn-millrace.ts";
import { adminQuery, missingPostgres, testUrl } from "../postgres/test-database.ts";

const TRANSCODE = fileURLToPath(new URL("../../../../examples/transcode/transcode.ts", import.meta.url));

/** Run the example to its end; anything but exit code 0 rejects. */
async function runTranscode(...args: readonly string[]): Promise<string> {
  const command = ["--conditions=millrace-source", TRANSCODE, ...args];
  return (await promisify(execFile)(process.execPath, command, { env: quietEnvironment() })).stdout;
}

function expectStory(printed: string): void {
  expect(printed).toMatch(/#11 is at [\d.]+ s of [\d.]+ s on cpu-\d, which is killed\n/);
  expect(printed).toMatch(/#12 is at [\d.]+ s of [\d.]+ s on [cg]pu-\d, and is cancelled\n/);
  expect(printed).toMatch(/#11 +live +cpu +completed +2 +cpu-\d/);
  expect(printed).toMatch(/#7 +default +gpu=qsv +queued +0\n/);
  expect(printed).toMatch(/#6 +default +gpu=nvenc +completed +1 +gpu-1/);
  expect(printed.match(/✔/g)).toHaveLength(9);
  expect(printed).not.toContain("✘");
}

// Most of their time they wait for a lease that runs out.
describe.concurrent("the example", () => {
  test("A2 A3 A9 A13 A14 AD3 AD9 tells the whole story on SQLite", async () => {
    expectStory(await runTranscode());
  });

  test.skipIf(missingPostgres() !== undefined)("tells it on PostgreSQL, and leaves no schema behind", async () => {
    expectStory(await runTranscode("--store", testUrl()));
    expect(await adminQuery("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'transcode\\_%'")).toEqual([]);
  });

  test("says what it takes when it is given another store", async () => {
    await expect(runTranscode("--store", "mysql://x")).rejects.toThrow(
      /--store takes postgres:\/\/user@host\/database; got mysql:\/\/x/,
    );
  });
});
