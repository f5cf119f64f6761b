#!/usr/bin/env node
// Only dynamic imports here: a static one would load the driver, or syntax this Node cannot read, before the check.
const LEAST: readonly [number, number] = [22, 18];

const found = process.versions.node;
const [major = 0, minor = 0] = found.split(".").map(Number);

if (major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])) {
  process.stderr.write(
    `Error: this is Node ${found}, and Millrace needs Node ${LEAST.join(".")} or later\n` +
      "Suggestion: install a newer Node from https://nodejs.org, or with the version manager you use\n",
  );
  process.exitCode = 2;
} else {
  const { main } = await import("./main.ts");
  // Whatever a user's module has left open, the process ends here.
  process.exit(await main(process.argv.slice(2)));
}
