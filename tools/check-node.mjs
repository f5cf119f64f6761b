// Plain JavaScript: a Node too old to read TypeScript must still be able to say so.
const LEAST = [22, 18];

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const [leastMajor = 0, leastMinor = 0] = LEAST;

if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
  console.error(
    `This is Node ${process.versions.node}, and Millrace needs Node ${LEAST.join(".")} or later.\n` +
      "On Linux, `npm ci` brings the right one along for the scripts of this repository: run them with `npm run`.\n" +
      "Elsewhere, or where npm leaves out optional packages, install a newer Node from https://nodejs.org.",
  );
  process.exit(1);
}
