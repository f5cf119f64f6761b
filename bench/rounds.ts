import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { BenchPostgres } from "./postgres-server.ts";
import { startRedis } from "./redis-server.ts";
import type { Row, Scenario } from "./scenario.ts";
import { spawnChild } from "./spawn-child.ts";
import type { Figures } from "./task.ts";
import { topStatements } from "./top-statements.ts";

export interface RowResult {
  readonly row: Row;
  /** One for each round, in order. */
  readonly rounds: readonly Figures[];
}

export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly rows: readonly RowResult[];
}

/** Where temporary folders are made, and those that there are now. */
export interface Workshop {
  readonly folder: string;
  readonly folders: Set<string>;
  /** `null` where no row needs it, or where there is none. */
  readonly postgres: BenchPostgres | null;
  /** What went wrong; the rest is measured all the same. */
  readonly failures: string[];
  readonly tell: (line: string) => void;
  /** Whether to tell which statements took longest, after each measurement on PostgreSQL. */
  readonly tellsStatements: boolean;
}

/**
 * Measure a scenario: round by round, in each round every row once, and every round begins with another row, so that
 * what else the machine does meets all of them alike.
 */
export async function measureScenario(scenario: Scenario, rounds: number, workshop: Workshop): Promise<ScenarioResult> {
  const rows = scenario.rows.map((row): { row: Row; rounds: Figures[] } => ({ row, rounds: [] }));
  for (let round = 0; round < rounds; round++) {
    const inTurn = [...rows.slice(round % rows.length), ...rows.slice(0, round % rows.length)];
    for (const each of inTurn) {
      if (round >= (each.row.maxRounds ?? rounds)) continue;
      const label = `${scenario.name} ${round + 1}/${rounds}  ${each.row.name}`;
      const figures = await measureRow(each.row, workshop).catch((error: unknown) => error as Error);
      if (figures instanceof Error) {
        workshop.failures.push(`${label}: ${figures.message}`);
        continue;
      }
      each.rounds.push(figures);
      const [{ figure, title, digits }] = scenario.columns;
      workshop.tell(`${label}: ${figures[figure]?.toFixed(digits)} ${title}`);
    }
  }
  return { scenario, rows };
}

/** One measurement: a folder, a Redis or a database where one is needed, and a process, all of them gone afterwards. */
async function measureRow(row: Row, workshop: Workshop): Promise<Figures> {
  const { folder: parent, folders, postgres: server } = workshop;
  // At once, so that an interruption never finds a folder that nobody knows of.
  const folder = mkdtempSync(join(parent, "millrace-measure-"));
  folders.add(folder);
  const redis = row.redis === undefined ? null : await startRedis(folder, row.redis);
  const postgres = row.isOnPostgres === true && server !== null ? await server.makeDatabase() : null;
  try {
    const { contestant, measure, counts, variant = "" } = row;
    const redisPort = redis?.port ?? null;
    const figures = await spawnChild({ contestant, measure, counts, variant, folder, redisPort, postgres }).figures;
    if (workshop.tellsStatements && postgres !== null) workshop.tell((await topStatements(postgres)).join("\n"));
    return figures;
  } finally {
    await redis?.stop();
    if (postgres !== null) await server?.dropDatabase(postgres);
    await rm(folder, { recursive: true, force: true });
    folders.delete(folder);
  }
}
