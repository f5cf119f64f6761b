import { defineConfig } from "vitest/config";

/** Tests import `millrace` by name, like a user, and get the source: no build stands between an edit and its test. */
const conditions = ["millrace-source", "node"];

interface ProjectPlan {
  readonly name: string;
  readonly include: readonly string[];
  readonly testTimeoutMs: number;
  readonly exclude?: readonly string[];
  /** They are given a PostgreSQL server, the same one for all of them. */
  readonly needsPostgres?: boolean;
}

const PACKAGE = "packages/millrace";
const POSTGRES_STORE = `${PACKAGE}/test/stores/postgres*.test.ts`;

/** The time limits are for a busy machine of two cores; a test that needs half of its limit is too slow. */
const PROJECTS: readonly ProjectPlan[] = [
  {
    name: "unit",
    include: [`${PACKAGE}/src/**/*.test.ts`, `${PACKAGE}/test/testing/**/*.test.ts`],
    testTimeoutMs: 10_000,
  },
  {
    name: "sqlite",
    include: [`${PACKAGE}/test/{stores,model}/**/*.test.ts`],
    exclude: [POSTGRES_STORE, `${PACKAGE}/test/model/postgres*.test.ts`],
    testTimeoutMs: 30_000,
  },
  {
    name: "postgres",
    include: [POSTGRES_STORE, `${PACKAGE}/test/model/postgres*.test.ts`, `${PACKAGE}/test/postgres/**/*.test.ts`],
    testTimeoutMs: 30_000,
    needsPostgres: true,
  },
  { name: "runtime", include: [`${PACKAGE}/test/runtime/**/*.test.ts`], testTimeoutMs: 30_000, needsPostgres: true },
  { name: "scripts", include: [`${PACKAGE}/test/scripts/**/*.test.ts`], testTimeoutMs: 30_000 },
  { name: "cli", include: [`${PACKAGE}/test/cli/**/*.test.ts`], testTimeoutMs: 60_000, needsPostgres: true },
  { name: "simulation", include: [`${PACKAGE}/test/simulation/**/*.test.ts`], testTimeoutMs: 60_000 },
  { name: "verify", include: [`${PACKAGE}/test/verify/**/*.test.ts`], testTimeoutMs: 60_000 },
  { name: "http", include: [`${PACKAGE}/test/http/**/*.test.ts`], testTimeoutMs: 30_000, needsPostgres: true },
  { name: "process", include: [`${PACKAGE}/test/process/**/*.test.ts`], testTimeoutMs: 180_000, needsPostgres: true },
  { name: "outage", include: [`${PACKAGE}/test/outage/**/*.test.ts`], testTimeoutMs: 120_000, needsPostgres: true },
  {
    name: "workloads",
    include: [`${PACKAGE}/test/workloads/**/*.test.ts`],
    testTimeoutMs: 120_000,
    needsPostgres: true,
  },
  // They count what is done, and not how long it takes; each store is counted in a process of its own.
  { name: "cost", include: [`${PACKAGE}/test/cost/**/*.test.ts`], testTimeoutMs: 90_000 },
  // `expectTypeOf` says nothing when it runs; tsc reads these files with all others and is the judge.
  { name: "types", include: [`${PACKAGE}/test/types/**/*.test.ts`], testTimeoutMs: 10_000 },
  { name: "architecture", include: ["tools/*.test.ts"], testTimeoutMs: 30_000 },
];

/** Crews of processes are what these measure themselves against; two crews at once would only be slower. */
const ALONE = new Set(["process", "workloads", "outage"]);

export default defineConfig({
  test: {
    // Many tests wait for other processes; one file after another would leave the processor idle.
    maxWorkers: 3,
    projects: PROJECTS.map(({ name, include, exclude = [], testTimeoutMs, needsPostgres = false }) => ({
      resolve: { conditions },
      ssr: { resolve: { conditions } },
      test: {
        name,
        include: [...include],
        exclude: [...exclude],
        globalSetup: needsPostgres ? [`${PACKAGE}/test/postgres/global-setup.ts`] : [],
        environment: "node",
        // A native addon and signals want a process of their own, not a thread.
        pool: "forks",
        fileParallelism: !ALONE.has(name),
        execArgv: ["--conditions=millrace-source"],
        testTimeout: testTimeoutMs,
        hookTimeout: testTimeoutMs,
        restoreMocks: true,
        unstubEnvs: true,
      },
    })),
  },
});
