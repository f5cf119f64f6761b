import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checkPack, packageTargets, type Shipment } from "./pack/rules.ts";

const PACKAGE = fileURLToPath(new URL("../packages/millrace", import.meta.url));

// Without scripts: a dry run must look at what was built, not build it again.
const printed = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts", "--loglevel=error"], {
  cwd: PACKAGE,
  encoding: "utf8",
  shell: process.platform === "win32",
});
const report: unknown = JSON.parse(printed);
// One entry per package: in a list, or, from npm 11.17 on, under its name.
const [shipment] = Object.values(report as Record<string, Shipment>);
if (shipment === undefined) throw new Error("npm pack reported no package");

const manifest: unknown = JSON.parse(readFileSync(`${PACKAGE}/package.json`, "utf8"));
const findings = checkPack(shipment, packageTargets(manifest));
for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exit(1);
console.log(`${shipment.files.length} files, ${shipment.size} bytes packed, ${shipment.unpackedSize} unpacked.`);
