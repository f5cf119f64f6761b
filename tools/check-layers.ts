import { fileURLToPath } from "node:url";
import { checkLayers, checkShape, type Finding } from "./layers/rules.ts";
import { readTree } from "./layers/source-files.ts";

interface Tree {
  readonly root: string;
  readonly check: typeof checkLayers;
}

// The source answers to the import table; everything else only to the rules for names and lengths.
const TREES: readonly Tree[] = [
  { root: "packages/millrace/src", check: checkLayers },
  { root: "packages/millrace/test", check: checkShape },
  { root: "examples", check: checkShape },
  { root: "tools", check: checkShape },
];

// Canaries break the rules on purpose; their own test reads them.
const SKIPPED = ["node_modules", "dist", "canaries"];

let fileCount = 0;
const findings = TREES.flatMap(({ root, check }): readonly Finding[] => {
  const files = readTree(fileURLToPath(new URL(`../${root}`, import.meta.url)), SKIPPED);
  fileCount += files.length;
  return check(files).map((finding) => ({ ...finding, path: `${root}/${finding.path}` }));
});

for (const { path, reason, message } of findings) console.error(`${path}: ${message} [${reason}]`);
if (findings.length > 0) process.exit(1);
console.log(`${fileCount} files keep to the table.`);
