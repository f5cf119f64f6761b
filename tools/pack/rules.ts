/** What `npm pack --json` says about one package, as far as it matters here. */
export interface Shipment {
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** Raised on purpose or not at all: a user downloads this much, and a jump tells of a file that went along by mistake. */
export const BUDGET = { packedBytes: 760_000, unpackedBytes: 2_900_000 } as const;

const SHIPPED: readonly RegExp[] = [/^package\.json$/, /^README\.md$/, /^LICENSE$/, /^dist\/.+\.(?:js|d\.ts)$/];
const NEVER_SHIPPED = /\.test\.|(?:^|\/)(?:test|fixtures|canaries)\//;
const ALWAYS_SHIPPED = ["package.json", "README.md", "LICENSE"];

/** Every rule that a shipment breaks, each as a sentence. */
export function checkPack({ size, unpackedSize, files }: Shipment, targets: readonly string[]): readonly string[] {
  if (files.length === 0) return ["the package ships no files at all"];
  const paths = files.map(({ path }) => path);
  const uninvited = paths.filter((path) => NEVER_SHIPPED.test(path) || !SHIPPED.some((rule) => rule.test(path)));
  const missing = [...ALWAYS_SHIPPED, ...targets].filter((path) => !paths.includes(path));
  return [
    ...uninvited.map((path) => `${path} is shipped, and no rule allows it`),
    ...missing.map((path) => `${path} is missing from the package`),
    ...overBudget("packed", size, BUDGET.packedBytes),
    ...overBudget("unpacked", unpackedSize, BUDGET.unpackedBytes),
  ];
}

function overBudget(what: string, bytes: number, limit: number): readonly string[] {
  return bytes <= limit ? [] : [`the package has ${bytes} bytes ${what}, and its budget is ${limit}`];
}

/** The built files that a package.json promises in `exports` and `bin`. */
export function packageTargets(manifest: unknown): readonly string[] {
  if (typeof manifest === "string") return manifest.startsWith("./dist/") ? [manifest.slice(2)] : [];
  if (typeof manifest !== "object" || manifest === null) return [];
  const parts = "exports" in manifest || "bin" in manifest ? pick(manifest) : Object.values(manifest);
  return [...new Set(parts.flatMap((part) => packageTargets(part)))];
}

function pick(manifest: { readonly exports?: unknown; readonly bin?: unknown }): readonly unknown[] {
  return [manifest.exports, manifest.bin];
}
