import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { quietEnvironment } from "../cli/spawn-millrace.ts";
import { adminQuery, missingPostgres, testUrl } from "../postgres/test-database.ts";

const COURSES = fileURLToPath(new URL("../../../../examples/courses/courses.ts", import.meta.url));

/** Run the example to its end, within 30 s; anything but exit code 0 rejects. */
async function runCourses(...args: readonly string[]): Promise<string> {
  const command = ["--conditions=millrace-source", COURSES, ...args];
  return (await promisify(execFile)(process.execPath, command, { env: quietEnvironment(), timeout: 30_000 })).stdout;
}

function expectStory(printed: string): void {
  expect(printed).toMatch(/ines, member +ines +queued +200 {2}cancelled by ines\n/);
  expect(printed).toMatch(/ada, admin +omar +running +200 {2}cancelled by ada\n/);
  expect(printed).toMatch(/How a mill works +ines +completed +\d+ +2 +\d+ +\d+ {2}[0-9a-f]{8}\n/);
  expect(printed.match(/✔/g)).toHaveLength(9);
  expect(printed).not.toContain("✘");
}

describe("the example", () => {
  test("C1 C2 C4 C6 C7 C9 C11 CD1 CD6 CD9 tells the whole story on SQLite", async () => {
    expectStory(await runCourses());
  });

  test.skipIf(missingPostgres() !== undefined)("tells it on PostgreSQL, and leaves no schema behind", async () => {
    expectStory(await runCourses("--store", testUrl()));
    expect(await adminQuery("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'courses\\_%'")).toEqual([]);
  });

  test("says what it takes when it is given another store", async () => {
    await expect(runCourses("--store", "mysql://x")).rejects.toThrow(
      /--store takes postgres:\/\/user@host\/database; got mysql:\/\/x/,
    );
  });
});
