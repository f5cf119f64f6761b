import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PACKAGE = `${ROOT}packages/millrace`;

// A file that was renamed in the source must not live on in what is published.
rmSync(`${PACKAGE}/dist`, { recursive: true, force: true });
run("tsc", "-p", `${PACKAGE}/tsconfig.build.json`);

// The page of the package on its registry is the one of the repository.
for (const file of ["README.md", "LICENSE"]) {
  if (existsSync(`${ROOT}${file}`)) copyFileSync(`${ROOT}${file}`, `${PACKAGE}/${file}`);
}

const bin = `${PACKAGE}/dist/cli/bin.js`;
if (existsSync(bin)) {
  chmodSync(bin, 0o755);
  // npm links a command when it installs, which was before there was one. Now `npx millrace` finds it.
  if (!existsSync(`${ROOT}node_modules/.bin/millrace`)) {
    run("npm", "rebuild", "millrace", "--ignore-scripts", "--silent");
  }
}

function run(command: string, ...args: readonly string[]): void {
  // On Windows both are .cmd files, which only a shell can start.
  const options = { cwd: ROOT, stdio: "inherit", shell: process.platform === "win32" } as const;
  const { status } = spawnSync(command, args, options);
  if (status !== 0) process.exit(status ?? 1);
}
