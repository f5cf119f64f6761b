import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { quietEnvironment } from "../cli/spawn-millrace.ts";
import { adminQuery, missingPostgres, testUrl } from "../postgres/test-database.ts";

const FORGE = fileURLToPath(new URL("../../../../examples/forge/forge.ts", import.meta.url));

/** Run the example to its end; anything but exit code 0 rejects. */
async function runForge(...args: readonly string[]): Promise<string> {
  const command = ["--conditions=millrace-source", FORGE, ...args];
  return (await promisify(execFile)(process.execPath, command, { env: quietEnvironment() })).stdout;
}

function expectStory(printed: string): void {
  expect(printed).toMatch(/old-project +3 +1 +0 +4 +1 to 4 +5\n/);
  expect(printed).toMatch(/new-project +0 +120 +10 +110 +1 to 110 +111\n/);
  expect(printed).toMatch(/ {2}✔ a number adds less than 10 ms to a create, for one caller and for ten \(p95\)\n/);
  expect(printed.match(/✔/g)).toHaveLength(5);
  expect(printed).not.toContain("✘");
}

describe("the example", () => {
  test("E1 E3 E4 tells the whole story on SQLite", async () => {
    expectStory(await runForge());
  });

  test.skipIf(missingPostgres() !== undefined)(
    "E1 E3 E4 tells it on PostgreSQL, and leaves no schema behind",
    async () => {
      expectStory(await runForge("--store", testUrl()));
      expect(await adminQuery("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'forge\\_%'")).toEqual([]);
    },
  );

  test("says what it takes when it is given another store", async () => {
    await expect(runForge("--store", "mysql://x")).rejects.toThrow(
      /--store takes postgres:\/\/user@host\/database; got mysql:\/\/x/,
    );
  });
});
