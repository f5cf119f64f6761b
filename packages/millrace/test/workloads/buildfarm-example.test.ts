import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { quietEnvironment } from "../cli/spawn-millrace.ts";
import { adminQuery, missingPostgres, testUrl } from "../postgres/test-database.ts";

const BUILDFARM = fileURLToPath(new URL("../../../../examples/buildfarm/buildfarm.ts", import.meta.url));

/** Run the example, and all processes that it starts, to their end; anything but exit code 0 rejects. */
async function runBuildfarm(...args: readonly string[]): Promise<string> {
  const command = ["--conditions=millrace-source", BUILDFARM, ...args];
  return (await promisify(execFile)(process.execPath, command, { env: quietEnvironment() })).stdout;
}

function expectStory(printed: string): void {
  expect(printed.match(/ {2}\d+ +1\.0\.\d+ +completed .* signed\n/g)).toHaveLength(10);
  expect(printed).toMatch(/ {2}4 +1\.0\.4 +cancelled .* -\n/);
  expect(printed.match(/✔/g)).toHaveLength(9);
  expect(printed).not.toContain("✘");
}

describe("the example", () => {
  test("D1 D4 D5 D6 D7 D8 D11 D12 D14 DD3 DD10 tells the whole story on SQLite", async () => {
    expectStory(await runBuildfarm());
  });

  test.skipIf(missingPostgres() !== undefined)("tells it on PostgreSQL, and leaves no schema behind", async () => {
    expectStory(await runBuildfarm("--store", testUrl()));
    expect(await adminQuery("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'buildfarm\\_%'")).toEqual([]);
  });

  test("says what it takes when it is given another store", async () => {
    await expect(runBuildfarm("--store", "mysql://x")).rejects.toThrow(
      /--store takes postgres:\/\/user@host\/database; got mysql:\/\/x/,
    );
  });
});
