import { CPU, PER_SECOND, QUANTILES, scaled, type Row, type Scenario, type Size } from "../scenario.ts";
import { MILLRACE, MILLRACE_PG } from "./peers.ts";

export function queuedRow(queued: number): string {
  return `${queued.toLocaleString("en").replaceAll(",", " ")} queued`;
}

/** The sizes of queue that are compared; the last is the longest. */
export function queueSizes(size: Size): readonly number[] {
  if (size.isQuick) return [1_000, 20_000];
  return size.isHuge ? [10_000, 1_000_000, 10_000_000] : [10_000, 1_000_000];
}

const PER_CLAIM = 10;

/** Whether a claim notices how long the queue is. */
export function claimingScenario(size: Size, setup: typeof MILLRACE, name: string, title: string): Scenario {
  const counts = { claims: size.isQuick ? 30 : 500, perClaim: PER_CLAIM };
  return {
    name,
    title,
    columns: [...QUANTILES, CPU],
    isMoreBetter: false,
    baseline: queuedRow(queueSizes(size)[0] ?? 0),
    rows: queueSizes(size).map((queued): Row => ({
      ...setup,
      name: queuedRow(queued),
      measure: "claim",
      counts: { ...counts, queued },
      ...(queued > 1_000_000 ? { maxRounds: 1 } : {}),
    })),
  };
}

export function claiming(size: Size): Scenario {
  return claimingScenario(size, MILLRACE, "claim", `Claim ${PER_CLAIM} jobs in one call, the commit included`);
}

export function memory(size: Size): Scenario {
  return memoryScenario(size, MILLRACE, {
    name: "memory",
    title: "Memory and rate of a process that works beside a queue of so many jobs",
    more: " Up to 64 MiB are SQLite's page cache, which a short run on a small file does not fill.",
  });
}

export function memoryOnPostgres(size: Size): Scenario {
  return memoryScenario(size, MILLRACE_PG, {
    name: "pg-memory",
    title: "PostgreSQL: memory and rate of a process that works beside a queue of so many jobs",
    more: "",
  });
}

function memoryScenario(
  size: Size,
  setup: typeof MILLRACE,
  { name, title, more }: { readonly name: string; readonly title: string; readonly more: string },
): Scenario {
  const sizes = [1_000, ...queueSizes(size).slice(1)];
  const jobs = scaled(size, 200_000, 2_000);
  return {
    name,
    title,
    note: `It runs ${jobs} jobs, each of which enqueues the next.${more}`,
    columns: [
      { figure: "rssMb", title: "RSS MiB", digits: 0 },
      { figure: "peakRssMb", title: "peak", digits: 0 },
      { figure: "heapMb", title: "heap", digits: 0 },
      PER_SECOND,
    ],
    isMoreBetter: false,
    baseline: queuedRow(1_000),
    rows: sizes.map((queued): Row => ({
      ...setup,
      name: queuedRow(queued),
      measure: "memory",
      counts: { queued, jobs },
      ...(queued > 1_000_000 ? { maxRounds: 1 } : {}),
    })),
  };
}
