/** What an example says that it prints, and the arguments it is then run with. */
export interface OutputBlock {
  readonly args: readonly string[];
  readonly lines: readonly string[];
}

/**
 * Read the comment that ends an example: `// Output:`, or `// Output (--once):` when it is run with arguments, then
 * one comment line for every line that is printed. Null when the file does not end in one.
 */
export function outputBlockOf(source: string): OutputBlock | null {
  const lines = source.trimEnd().split("\n");
  const start = lines.findLastIndex((line) => HEADING.test(line));
  const body = lines.slice(start + 1);
  if (start === -1 || !body.every((line) => line.startsWith("//"))) return null;
  const args = HEADING.exec(lines[start] ?? "")?.[1]?.split(/\s+/) ?? [];
  return { args, lines: body.map((line) => line.replace(/^\/\/ ?/, "").trimEnd()) };
}

const HEADING = /^\/\/ Output(?: \((.+)\))?:\s*$/;

/**
 * Compare what was printed with what was said; null when they agree. `…` stands for anything within a line, and a
 * line of nothing else for any number of lines.
 */
export function differenceOf(said: readonly string[], printed: string): string | null {
  const lines = printed
    .trimEnd()
    .split("\n")
    .map((line) => line.trimEnd());
  const pattern = said.map((line) => (line === "…" ? "(?:.*\n)*?" : `${patternOf(line)}\n`)).join("");
  if (new RegExp(`^${pattern}$`, "u").test(`${lines.join("\n")}\n`)) return null;
  const index = said.findIndex((line, at) => !new RegExp(`^${patternOf(line)}$`, "u").test(lines[at] ?? ""));
  return [
    "prints something else than it says",
    ...(index === -1
      ? []
      : [`  line ${index + 1} says:   ${said[index]}`, `  line ${index + 1} prints: ${lines[index] ?? "(nothing)"}`]),
    "  All that was printed:",
    ...lines.map((line) => `    ${line}`),
  ].join("\n");
}

function patternOf(line: string): string {
  return line
    .split("…")
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join(".*");
}
