/** One thing that is checked. */
export interface Step {
  readonly name: string;
  readonly command: string;
  /** The name of a step that must have passed before; or ended at least, when this one tells something `regardless`. */
  readonly after?: string;
  readonly regardless?: boolean;
  /** A path without which there is nothing to check yet; its absence is reported. */
  readonly needs?: string;
  /** Runs with nothing beside it, and only when everything is tested (`npm test`). */
  readonly alone?: boolean;
  /** Picks the line of the output that is worth showing when all is well. */
  readonly said?: RegExp;
  /** Picks the part of the output that is worth showing when it is not; without a match, all of it is shown. */
  readonly wrong?: RegExp;
}

/** Says what failed, and nothing of what passed. */
const TEST = "vitest run --reporter=minimal";
const TEST_COUNT = /^\s*Tests\s+(.+)$/m;
/** What the tests printed themselves comes before. */
const TEST_FAILURES = /^⎯+ (?:Failed|Unhandled) [^]*/m;
const LAST_LINE = /([^\n]+)\s*$/;

/** Long steps first, so that the short ones fill the gaps. */
export const STEPS: readonly Step[] = [
  { name: "build", command: "node tools/build.ts" },
  {
    name: "tests",
    command: `${TEST} ${["unit", "sqlite", "runtime", "scripts", "cli", "http", "verify", "simulation", "types", "architecture"].map((name) => `--project ${name}`).join(" ")}`,
    after: "build", // the command line may be tested as its users get it
    regardless: true,
    said: TEST_COUNT,
    wrong: TEST_FAILURES,
  },
  {
    name: "types",
    command:
      "tsc -p . && tsc -p packages/millrace && tsc -p examples && tsc -p examples/scripts && tsc -p examples/desk/scripts",
  },
  { name: "format", command: "prettier --check --cache --log-level=warn ." },
  { name: "lint", command: "oxlint --deny-warnings" },
  { name: "layers", command: "node tools/check-layers.ts", said: LAST_LINE },
  { name: "unused", command: "knip --no-progress" },
  { name: "examples", command: "node tools/run-examples.ts", said: LAST_LINE },
  { name: "docs", command: "node tools/generate-docs.ts --check", said: LAST_LINE },
  { name: "publint", command: "npm run --silent check:publint", after: "build" },
  { name: "pack", command: "node tools/check-pack.ts", after: "build", said: LAST_LINE },
  {
    name: "consumer",
    command: "tsc -p tools/consumer && node tools/consumer/consumer.ts",
    after: "build",
    said: LAST_LINE,
  },
  {
    name: "postgres",
    command: `${TEST} --project postgres`,
    needs: "packages/millrace/test/stores/postgres.conformance.test.ts",
    alone: true,
    said: TEST_COUNT,
    wrong: TEST_FAILURES,
  },
  {
    name: "cost",
    command: `${TEST} --project cost`,
    needs: "packages/millrace/test/cost",
    alone: true,
    said: TEST_COUNT,
    wrong: TEST_FAILURES,
  },
  {
    name: "process",
    command: `${TEST} --project process`,
    needs: "packages/millrace/test/process",
    alone: true,
    said: TEST_COUNT,
    wrong: TEST_FAILURES,
  },
  {
    name: "workloads",
    command: `${TEST} --project workloads`,
    needs: "packages/millrace/test/workloads",
    alone: true,
    said: TEST_COUNT,
    wrong: TEST_FAILURES,
  },
  {
    name: "outage",
    command: `${TEST} --project outage`,
    needs: "packages/millrace/test/outage",
    alone: true,
    said: TEST_COUNT,
    wrong: TEST_FAILURES,
  },
];
