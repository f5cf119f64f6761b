import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import { builtinModules } from "node:module";
import { parseSync, Visitor } from "oxc-parser";

export interface SourceFile {
  /** From the root of the tree that was read, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript file below `root`, in a stable order. A missing folder holds no files. */
export function readTree(root: string, skip: readonly string[] = []): readonly SourceFile[] {
  let entries;
  try {
    entries = readdirSync(root, { recursive: true, withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ file, path: relative(root, file).split(sep).join("/") }))
    .filter(({ path }) => !skip.some((folder) => path.split("/").includes(folder)))
    .map(({ file, path }) => ({ path, text: readFileSync(file, "utf8") }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** What a file imports, as written: values, types, re-exports, `import()` and `import("…").Type` alike. */
export function importsOf({ path, text }: SourceFile): readonly string[] {
  const { program, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path} cannot be parsed: ${error.message}`);
  const found = new Set<string>();
  new Visitor({
    ImportDeclaration: ({ source }) => found.add(source.value),
    ExportAllDeclaration: ({ source }) => found.add(source.value),
    ExportNamedDeclaration: ({ source }) => source !== null && found.add(source.value),
    TSImportType: ({ source }) => found.add(literalOf(source)),
    ImportExpression: ({ source }) => found.add(literalOf(source)),
  }).visit(program);
  return [...found];
}

function literalOf(source: { readonly type: string; readonly value?: unknown }): string {
  return source.type === "Literal" && typeof source.value === "string" ? source.value : COMPUTED;
}

/** Stands for an `import()` whose name is worked out at run time: it cannot be followed, and would be a hole in the table. */
const COMPUTED = "(computed)";

export type Import =
  | { readonly to: "file"; readonly path: string }
  | { readonly to: "node"; readonly name: string }
  | { readonly to: "package"; readonly name: string }
  | { readonly to: "computed" };

/** Where an import of `from` leads. */
export function resolveImport(from: string, specifier: string): Import {
  if (specifier === COMPUTED) return { to: "computed" };
  if (specifier.startsWith(".")) return { to: "file", path: posix.join(posix.dirname(from), specifier) };
  const [first = "", second = ""] = specifier.split("/");
  if (specifier.startsWith("node:") || builtinModules.includes(first)) return { to: "node", name: specifier };
  return { to: "package", name: first.startsWith("@") ? `${first}/${second}` : first };
}
