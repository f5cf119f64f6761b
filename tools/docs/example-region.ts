import { readFileSync } from "node:fs";
import { join } from "node:path";
import { outputBlockOf } from "../examples/output-block.ts";
import { ROOT } from "./markdown.ts";

/** The program of an example, and below it what it prints. */
export function exampleRegion(path: string): string {
  const source = readFileSync(join(ROOT, path), "utf8");
  const output = outputBlockOf(source);
  if (output === null) throw new Error(`${path} does not end in an output block`);
  const program = source.slice(0, source.lastIndexOf("// Output")).trim();
  return `\`\`\`ts\n${program}\n\`\`\`\n\nIt prints:\n\n\`\`\`text\n${output.lines.join("\n")}\n\`\`\``;
}
