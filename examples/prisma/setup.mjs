// Install Prisma beside this file, and make its client from schema.prisma.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));

function run(/** @type {string} */ program, /** @type {string[]} */ args) {
  const { status } = spawnSync(program, args, {
    cwd: folder,
    // The client is made without an engine; where one is named, none is downloaded.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" },
    stdio: "inherit",
    // On Windows npm is a .cmd file, which only a shell can start.
    shell: process.platform === "win32",
  });
  if (status !== 0) process.exit(1);
}

run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
run("npx", ["prisma", "generate", "--schema=schema.prisma"]);
