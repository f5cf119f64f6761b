import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { differenceOf, outputBlockOf } from "../examples/output-block.ts";
import { ROOT, splitPage, type CodeBlock, type Finding, type Page } from "./markdown.ts";
import { startProgram } from "./start-program.ts";

/** What a block may take for granted: the client, as `openMillrace()` answers it, and a worker of it. */
const GIVEN = `
import type { Millrace, Worker } from "millrace";
declare global {
  const mill: Millrace;
  const worker: Worker<Millrace>;
}
`;

const CONFIG = {
  extends: join(ROOT, "tsconfig.base.json"),
  // A block shows one thing, and what it makes is not always used.
  compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
  include: ["*.ts"],
};

/**
 * Every block of TypeScript is compiled, each as a module of its own; one that says so (```ts run) is run as well,
 * in an empty folder, and what it prints is compared with its `// Output:` block if it ends in one.
 */
export async function checkCodeBlocks(
  pages: readonly Page[],
): Promise<{ readonly findings: readonly Finding[]; readonly count: number }> {
  const blocks = pages.flatMap((page) => splitPage(page).blocks).filter(({ info }) => info[0] === "ts");
  if (blocks.length === 0) return { findings: [], count: 0 };
  // Outside of the repository, where no other checker of the same moment sees it.
  const folder = mkdtempSync(join(tmpdir(), "millrace-docs-"));
  try {
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "dir");
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(CONFIG));
    writeFileSync(join(folder, "given.d.ts"), GIVEN);
    const fileOf = (index: number): string => `block-${index}.ts`;
    // Behind as many empty lines as stand before it on its page, so that errors name the line of the page.
    blocks.forEach(({ line, text }, index) => writeFileSync(join(folder, fileOf(index)), "\n".repeat(line) + text));
    const wrong = await compile(folder, (text) =>
      text.replaceAll(/block-(\d+)\.ts/g, (_, index: string) => blocks[Number(index)]?.path ?? ""),
    );
    if (wrong !== undefined) return { findings: [wrong], count: blocks.length };
    const verdicts = await Promise.all(
      blocks.map(async (block, index) => (block.info.includes("run") ? runBlock(block, folder, fileOf(index)) : [])),
    );
    return { findings: verdicts.flat(), count: blocks.length };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compile(folder: string, rename: (text: string) => string): Promise<string | undefined> {
  const { status, output } = await startProgram(
    join(ROOT, "node_modules/.bin/tsc"),
    ["-p", folder, "--pretty", "false"],
    { cwd: folder },
  );
  return status === 0 ? undefined : rename(output.trim());
}

async function runBlock(block: CodeBlock, folder: string, file: string): Promise<readonly Finding[]> {
  const cwd = join(folder, `${file}.run`);
  mkdirSync(cwd);
  const args = ["--conditions=millrace-source", join(folder, file)];
  const { status, output } = await startProgram(process.execPath, args, { cwd });
  const place = `${block.path}:${block.line}: the block`;
  if (status !== 0) return [`${place} ended with exit code ${status}\n${output}`];
  const said = outputBlockOf(block.text);
  const difference = said === null ? null : differenceOf(said.lines, output);
  return difference === null ? [] : [`${place} ${difference}`];
}
