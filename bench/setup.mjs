// Install what only the benchmark needs: the peers. Runs before they are there, so plain JavaScript on Node alone.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** When a file was last written, in milliseconds; before all time when there is no such file. */
function writtenAt(/** @type {string} */ path) {
  return statSync(`${folder}${path}`, { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
}

// npm writes this file last, so it tells both that an install ended and when.
const installedAt = writtenAt("node_modules/.package-lock.json");

if (installedAt < writtenAt("package-lock.json") || installedAt === Number.NEGATIVE_INFINITY) {
  console.error("Installing the peers (npm install, in bench) ...");
  // Not `npm ci`, which wants every platform's build of an optional dependency in the lockfile; the versions are the same.
  const args = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, stdout, stderr } = spawnSync("npm", args, {
    cwd: folder,
    encoding: "utf8",
    // On Windows npm is a .cmd file, which only a shell can start.
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    console.error(`${stdout}${stderr}npm install failed in bench; see above. The peers will be left out.`);
  }
}
