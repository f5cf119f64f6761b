import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { differenceOf } from "../examples/output-block.ts";
import { ROOT, splitPage, type CodeBlock, type Finding, type Page } from "./markdown.ts";
import { startProgram } from "./start-program.ts";

const BIN = join(ROOT, "packages/millrace/src/cli/bin.ts");

/**
 * A session in a shell that says so (```console run) is typed again, in a folder where the README's first program has
 * run once as `first.mts`. Each command must end well, and all of it must print what it says; ids and times may differ.
 */
export async function checkConsoles(pages: readonly Page[]): Promise<readonly Finding[]> {
  if (process.platform === "win32") return [];
  const blocks = pages
    .flatMap((page) => splitPage(page).blocks)
    .filter(({ info }) => info[0] === "console" && info.includes("run"));
  return (await Promise.all(blocks.map(typeAgain))).flat();
}

async function typeAgain(block: CodeBlock): Promise<readonly Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-console-"));
  const place = `${block.path}:${block.line}: the session`;
  try {
    prepare(folder);
    await type(folder, "node first.mts");
    const printed: string[] = [];
    const said = block.text.split("\n");
    for (const command of said.filter((line) => line.startsWith("$ "))) {
      const { status, output } = await type(folder, command.slice(2));
      if (status !== 0) return [`${place}: ${command} ended with exit code ${status}\n${output}`];
      printed.push(command, output.trimEnd());
    }
    const text = printed.filter((part) => part !== "").join("\n");
    const difference = differenceOf(said.map(withoutChance), withoutChance(text));
    return difference === null ? [] : [`${place} ${difference}`];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function prepare(folder: string): void {
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "dir");
  copyFileSync(join(ROOT, "examples/embedded/embedded.ts"), join(folder, "first.mts"));
  // Before anything is built, and before anything is installed, by the names that its users type.
  writeFileSync(join(folder, "millrace"), `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`, { mode: 0o755 });
  writeFileSync(join(folder, "npx"), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
}

async function type(folder: string, command: string): ReturnType<typeof startProgram> {
  const env = {
    PATH: [folder, join(process.execPath, ".."), process.env["PATH"]].join(delimiter),
    NODE_OPTIONS: "--conditions=millrace-source",
  };
  return startProgram("/bin/sh", ["-c", command], { cwd: folder, env });
}

function withoutChance(text: string): string {
  return text
    .replaceAll(/\bjob_[0-9a-hjkmnp-tv-z]{26}\b/g, "job_(id)")
    .replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, "(time)");
}
