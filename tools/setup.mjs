// Make `npm start` and `npm test` work in a fresh clone. Runs before anything is installed, on whatever Node is
// there: plain JavaScript, no dependencies.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** When a file was last written, in milliseconds; before all time when there is no such file. */
function writtenAt(/** @type {string} */ path) {
  return statSync(`${root}${path}`, { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
}

// npm writes this file last, so it tells both that an install ended and when.
const installedAt = writtenAt("node_modules/.package-lock.json");

if (installedAt < writtenAt("package-lock.json") || installedAt === Number.NEGATIVE_INFINITY) {
  console.error("Installing dependencies (npm ci) ...");
  // `engines` warnings are about the Node that npm itself runs on; the scripts run on the one installed here.
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, stdout, stderr } = spawnSync("npm", args, {
    cwd: root,
    encoding: "utf8",
    // On Windows npm is a .cmd file, which only a shell can start.
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    console.error(`${stdout}${stderr}npm ci failed; see above.`);
    process.exit(1);
  }
}
