import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { quietEnvironment } from "../cli/spawn-millrace.ts";
import { adminQuery, missingPostgres, testUrl } from "../postgres/test-database.ts";

const DESK = fileURLToPath(new URL("../../../../examples/desk/desk.ts", import.meta.url));

/** Run the example to its end; anything but exit code 0 rejects. */
async function runDesk(...args: readonly string[]): Promise<string> {
  const command = ["--conditions=millrace-source", DESK, ...args];
  return (await promisify(execFile)(process.execPath, command, { env: quietEnvironment() })).stdout;
}

function expectStory(printed: string): void {
  expect(printed).toMatch(/docs#6 +release-notes +failed +AttemptTimeoutError\n/);
  expect(printed).toMatch(/docs#8 +release-notes +completed +docs#6 +\{"summary":"written over lunch"\}\n/);
  expect(printed.match(/✔/g)).toHaveLength(8);
  expect(printed).not.toContain("✘");
}

// Both at once: most of the time they wait.
describe.concurrent("the example", () => {
  test("B4 B6 B7 B11 B12 tells the whole story on SQLite", async () => {
    expectStory(await runDesk());
  });

  test.skipIf(missingPostgres() !== undefined)(
    "B4 B6 B7 B11 B12 tells it on PostgreSQL, and leaves no schema behind",
    async () => {
      expectStory(await runDesk("--store", testUrl()));
      expect(await adminQuery("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'desk\\_%'")).toEqual([]);
    },
  );
});
