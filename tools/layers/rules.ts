import { findCircles } from "./circles.ts";
import { importsOf, resolveImport, type SourceFile } from "./source-files.ts";
import { COMPUTED_IMPORTS, LAYERS, LINE_LIMIT, PACKAGE_OWNERS, VAGUE_WORDS, type Place } from "./table.ts";

export type Reason = "no-files" | "place" | "layer" | "circle" | "node" | "package" | "test" | "name" | "length";

export interface Finding {
  readonly reason: Reason;
  readonly path: string;
  readonly message: string;
}

/** The published package, which its own source must not import by name: that would go round the table. */
const OWN_NAME = "millrace";

/** All rules, on a tree laid out like packages/millrace/src. */
export function checkLayers(files: readonly SourceFile[]): readonly Finding[] {
  const known = new Set(files.map(({ path }) => path));
  const edges = new Map<string, readonly string[]>();
  const findings: Finding[] = [];
  for (const file of files) {
    const imports = importsOf(file).map((specifier) => ({ specifier, target: resolveImport(file.path, specifier) }));
    const followed = imports.flatMap(({ target }) => (target.to === "file" ? [target.path] : []));
    edges.set(
      file.path,
      followed.filter((path) => known.has(path)),
    );
    const place = placeOf(file.path);
    if (place === undefined) {
      findings.push(finding("place", file.path, "lies in no place of the import table; see tools/layers/table.ts"));
    } else if (!isTest(file.path)) {
      // Unit tests may reach for what they like; the table is about what ships.
      for (const { specifier, target } of imports) {
        if (target.to === "computed" && COMPUTED_IMPORTS.has(file.path)) continue;
        const message = refusal(place, specifier, target);
        if (message !== undefined) findings.push(finding(message.reason, file.path, message.text));
      }
    }
  }
  for (const circle of findCircles(edges)) {
    const [first = ""] = circle;
    findings.push(finding("circle", first, `imports itself through ${circle.join(" → ")} (types count)`));
  }
  return [...findings, ...checkShape(files)];
}

/** The rules for names and lengths, which hold for tests and tools as well. A tree without files is a finding. */
export function checkShape(files: readonly SourceFile[]): readonly Finding[] {
  if (files.length === 0) return [finding("no-files", ".", "no files were read, so nothing was checked")];
  return files.flatMap(({ path, text }) => [...nameFindings(path), ...lengthFindings(path, text)]);
}

interface Refusal {
  readonly reason: Reason;
  readonly text: string;
}

function refusal(place: Place, specifier: string, target: ReturnType<typeof resolveImport>): Refusal | undefined {
  const layer = LAYERS[place] ?? { may: [], node: false };
  switch (target.to) {
    case "computed":
      return { reason: "layer", text: "imports a computed name, which the table cannot follow" };
    case "node":
      return layer.node ? undefined : { reason: "node", text: `imports ${specifier}; ${place} keeps out of Node` };
    case "package": {
      if (target.name === OWN_NAME) return { reason: "layer", text: `imports "${specifier}", its own package` };
      const owners = PACKAGE_OWNERS[target.name];
      if (owners === undefined || owners.includes(place)) return undefined;
      return { reason: "package", text: `imports ${target.name}, which belongs to ${owners.join(", ")}` };
    }
    case "file": {
      if (isTest(target.path)) return { reason: "test", text: `imports the test ${target.path}` };
      const other = placeOf(target.path);
      if (other === place || (other !== undefined && layer.may.includes(other))) return undefined;
      const allowed = layer.may.length === 0 ? "nothing" : layer.may.join(", ");
      return { reason: "layer", text: `imports ${target.path}; ${place} may import ${allowed}` };
    }
  }
}

function placeOf(path: string): Place | undefined {
  return Object.keys(LAYERS)
    .filter((place) => path === place || path.startsWith(`${place}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}

function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}

function nameFindings(path: string): readonly Finding[] {
  return path.split("/").flatMap((part) => {
    const words = part.toLowerCase().split(/[-._]/);
    const vague = words.find((word) => VAGUE_WORDS.has(word));
    if (vague !== undefined) return [finding("name", path, `"${vague}" says nothing; name it after what it holds`)];
    const isKebab = /^[a-z\d]+(?:[-.][a-z\d]+)*$/.test(part);
    return isKebab ? [] : [finding("name", path, `"${part}" is not in kebab-case`)];
  });
}

/** The one way past the limit: the file itself says why, in a sentence. */
const EXPLANATION = new RegExp(`^// Longer than ${LINE_LIMIT} lines because .{15,}$`, "m");

function lengthFindings(path: string, text: string): readonly Finding[] {
  const count = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  if (count <= LINE_LIMIT || EXPLANATION.test(text)) return [];
  const hint = `split it, or explain with "// Longer than ${LINE_LIMIT} lines because …"`;
  return [finding("length", path, `has ${count} lines, and ${LINE_LIMIT} are the limit; ${hint}`)];
}

function finding(reason: Reason, path: string, message: string): Finding {
  return { reason, path, message };
}
