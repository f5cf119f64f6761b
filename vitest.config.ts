import { defineConfig } from "vitest/config";

/** Tests import `millrace` by name, like a user, and get the source: no build stands between an edit and its test. */
const conditions = ["millrace-source", "node", "import", "module", "default"];

interface ProjectPlan {
  readonly name: string;
  readonly include: readonly string[];
  readonly testTimeoutMs: number;
}

const PACKAGE = "packages/millrace";

/** The time limits are for a busy machine of two cores; a test that needs half of its limit is too slow. */
const PROJECTS: readonly ProjectPlan[] = [
  { name: "unit", include: [`${PACKAGE}/src/**/*.test.ts`], testTimeoutMs: 10_000 },
  { name: "sqlite", include: [`${PACKAGE}/test/{stores,model}/**/*.test.ts`], testTimeoutMs: 30_000 },
  { name: "runtime", include: [`${PACKAGE}/test/runtime/**/*.test.ts`], testTimeoutMs: 30_000 },
  { name: "scripts", include: [`${PACKAGE}/test/scripts/**/*.test.ts`], testTimeoutMs: 30_000 },
  { name: "cli", include: [`${PACKAGE}/test/cli/**/*.test.ts`], testTimeoutMs: 60_000 },
  { name: "process", include: [`${PACKAGE}/test/process/**/*.test.ts`], testTimeoutMs: 180_000 },
  // `expectTypeOf` says nothing when it runs; tsc reads these files with all others and is the judge.
  { name: "types", include: [`${PACKAGE}/test/types/**/*.test.ts`], testTimeoutMs: 10_000 },
  { name: "architecture", include: ["tools/*.test.ts"], testTimeoutMs: 30_000 },
];

export default defineConfig({
  test: {
    // Many tests wait for other processes; one file after another would leave the processor idle.
    maxWorkers: 3,
    projects: PROJECTS.map(({ name, include, testTimeoutMs }) => ({
      resolve: { conditions },
      ssr: { resolve: { conditions } },
      test: {
        name,
        include: [...include],
        environment: "node",
        // A native addon and signals want a process of their own, not a thread.
        pool: "forks",
        // Crews of processes are what these measure themselves against; two crews at once would only be slower.
        fileParallelism: name !== "process",
        execArgv: ["--conditions=millrace-source"],
        testTimeout: testTimeoutMs,
        hookTimeout: testTimeoutMs,
        restoreMocks: true,
        unstubEnvs: true,
      },
    })),
  },
});
