import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { outputBlockOf, type OutputBlock } from "./output-block.ts";

/** A program that says what it prints. */
export interface Example {
  /** As messages call it: `embedded/typed.ts`. */
  readonly name: string;
  readonly file: string;
  readonly block: OutputBlock;
  /** What has to be done before it can be run; `undefined` when it can. */
  readonly missing: string | undefined;
  /** It is given a database, and reads the address of it from MILLRACE_STORE. */
  readonly needsPostgres: boolean;
}

/** Folders of examples that keep their rows and their jobs in one PostgreSQL. */
const ON_POSTGRES: ReadonlySet<string> = new Set(["prisma", "transactions"]);

/** Folders whose programs are not TypeScript, and the test that runs each of them. */
const RUN_BY_TESTS: Readonly<Record<string, string>> = {
  "remote-worker": "../packages/millrace/test/http/bash-worker.test.ts",
};

/** The examples of all folders, and what is wrong with a folder that has none. */
export function listExamples(root: string): { readonly examples: readonly Example[]; readonly problems: string[] } {
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "node_modules")
    .map(({ name }) => name);
  const listed = folders.map((folder) => ({ folder, examples: examplesIn(root, folder) }));
  const empty = listed.filter(({ folder, examples }) => examples.length === 0 && !isRunByTest(root, folder));
  return {
    examples: listed.flatMap(({ examples }) => examples),
    problems: empty.map(({ folder }) => `${folder}: none of its files ends in an "// Output:" block`),
  };
}

function isRunByTest(root: string, folder: string): boolean {
  const test = RUN_BY_TESTS[folder];
  return test !== undefined && existsSync(join(root, test));
}

function examplesIn(root: string, folder: string): readonly Example[] {
  const missing = missingFor(join(root, folder), folder);
  const files = readdirSync(join(root, folder)).filter((name) => name.endsWith(".ts"));
  return files.flatMap((name) => {
    const file = join(root, folder, name);
    const block = outputBlockOf(readFileSync(file, "utf8"));
    if (block === null) return [];
    return [{ name: `${folder}/${name}`, file, block, missing, needsPostgres: ON_POSTGRES.has(folder) }];
  });
}

/** A folder with a package.json of its own stands outside the workspace, and is installed by whoever wants to see it. */
function missingFor(path: string, folder: string): string | undefined {
  if (!existsSync(join(path, "package.json")) || existsSync(join(path, "node_modules"))) return undefined;
  return `node examples/${folder}/setup.mjs`;
}
