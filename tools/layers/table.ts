/** A folder or a file of packages/millrace/src, as a path from there. */
export type Place = string;

interface Layer {
  readonly may: readonly Place[];
  /** Whether `node:` modules may be imported. Core and what runs in browsers or under a virtual clock keep out of them. */
  readonly node: boolean;
}

/**
 * Who may import whom. A place may always import itself; a file belongs to the longest place that its path begins with.
 *
 * No layer but `open-store.ts` names a store: all others, the command line too, are handed one or open it there.
 * No layer imports `cli`.
 */
export const LAYERS: Readonly<Record<Place, Layer>> = {
  core: { may: [], node: false },
  "stores/sql": { may: ["core"], node: true },
  "stores/sqlite": { may: ["core", "stores/sql"], node: true },
  "stores/postgres": { may: ["core", "stores/sql"], node: true },
  // The store of a server: what it holds is at the other end of the wire.
  "stores/http": { may: ["core", "http/api"], node: false },
  runtime: { may: ["core"], node: false },
  scripts: { may: ["core", "runtime"], node: true },
  "http/api": { may: ["core"], node: false },
  http: { may: ["core", "runtime", "http/api"], node: true },
  // A virtual queue of a user's test lies in memory, and so opens a store.
  testing: { may: ["core", "runtime", "open-store.ts"], node: true },
  // Its crews are processes of their own, each of which opens the store at a URL.
  verify: { may: ["core", "runtime", "testing", "open-store.ts", "open-millrace.ts"], node: true },
  "open-store.ts": { may: ["core", "stores/sqlite", "stores/postgres", "stores/http"], node: true },
  "aes-vault.ts": { may: ["core", "runtime"], node: true },
  "open-telemetry.ts": { may: ["core", "runtime"], node: false },
  "open-millrace.ts": { may: ["core", "runtime", "aes-vault.ts", "open-store.ts", "open-telemetry.ts"], node: true },
  "index.ts": { may: ["core", "runtime", "open-store.ts", "open-millrace.ts"], node: false },
  cli: {
    may: [
      "core",
      "runtime",
      "scripts",
      "http/api",
      "http",
      "testing",
      "verify",
      "open-store.ts",
      "open-millrace.ts",
      "index.ts",
    ],
    node: true,
  },
};

/** Packages that only some places may import, so that a driver or a framework can be exchanged in one folder. */
export const PACKAGE_OWNERS: Readonly<Record<string, readonly Place[]>> = {
  "better-sqlite3": ["stores/sqlite", "verify"],
  pg: ["stores/postgres", "verify"],
  "pg-connection-string": ["stores/postgres"],
  croner: ["core"],
  commander: ["cli"],
  hono: ["http"],
  "@hono/node-server": ["http"],
  "@hono/zod-openapi": ["http", "http/api"],
  jose: ["http"],
  pino: ["cli"],
  "@opentelemetry/api": ["open-telemetry.ts"],
  "@aws-sdk/client-s3": ["http"],
  "@aws-sdk/lib-storage": ["http"],
  zod: ["http", "http/api"],
};

/** Files that may import what a user names at run time, or need not be there; they lead to nothing of ours by it. */
export const COMPUTED_IMPORTS: ReadonlySet<string> = new Set(["cli/import-module.ts", "open-telemetry.ts"]);

/** Words that say nothing about what a file holds, and so come to hold everything. */
export const VAGUE_WORDS: ReadonlySet<string> = new Set([
  "utils",
  "util",
  "helpers",
  "helper",
  "common",
  "misc",
  "manager",
  "lib",
]);

export const LINE_LIMIT = 350;
