import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMillrace } from "millrace";
import { afterAll, beforeAll, describe } from "vitest";
import { missingPostgres, newSchema } from "../postgres/test-database.ts";
import { startCrew, type Member } from "./crew.ts";
import { Round } from "./round.ts";

/** `MILLRACE_RUNS=100` for a long look; each row runs so many times in a row. */
export const RUNS = Number(process.env["MILLRACE_RUNS"] ?? 2);
/** `MILLRACE_SEED` plays a run again; those after it take the seeds that follow. It is in the name of every test. */
const SEED = Number(process.env["MILLRACE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

const API_KEY = "an-api-key-of-thirty-two-characters-or-more";
const JWT_SECRET = "a-jwt-secret-of-thirty-two-characters-or-more";

/** One of the ways in which callers share a store. */
interface Kind {
  readonly name: "one process" | "processes on a file" | "processes on PostgreSQL" | "one server" | "two servers";
  readonly title: string;
  readonly isOnPostgres: boolean;
  readonly callerProcesses: number;
  readonly servers: number;
}

const KINDS: readonly Kind[] = [
  { name: "one process", title: "SQLite, one process", isOnPostgres: false, callerProcesses: 1, servers: 0 },
  { name: "processes on a file", title: "SQLite, 4 processes", isOnPostgres: false, callerProcesses: 4, servers: 0 },
  {
    name: "processes on PostgreSQL",
    title: "PostgreSQL, 4 processes",
    isOnPostgres: true,
    callerProcesses: 4,
    servers: 0,
  },
  { name: "one server", title: "HTTP, a server on SQLite", isOnPostgres: false, callerProcesses: 4, servers: 1 },
  { name: "two servers", title: "HTTP, two servers on PostgreSQL", isOnPostgres: true, callerProcesses: 4, servers: 2 },
];

export type SetUpName = Kind["name"];

export interface RunOptions {
  /** How often, each time on a new store. @default RUNS */
  readonly runs?: number;
  /** How long a claim through a server holds a job. @default that of the server */
  readonly leaseMs?: number;
}

export interface SetUp {
  readonly name: SetUpName;
  /** How long a test of all runs may take, in milliseconds. */
  readonly limitMs: number;
  /** Play on new stores, one after the other; each is read by the checker afterwards, and kept when something is wrong. */
  run(play: (round: Round) => Promise<void>, options?: RunOptions): Promise<void>;
}

/**
 * The same tests in each set-up, or in those that are named; skipped, and seen to be, where there is no PostgreSQL.
 *
 * ```ts
 * inEachSetUp((setUp) => {
 *   test(`20 workers, 10 jobs, ${RUNS} times`, { timeout: setUp.limitMs }, () =>
 *     setUp.run(async (round) => {
 *       await round.mill.enqueueMany(tenJobs); // the test's own client
 *       const claimed = await round.all(acts, "claimOne", twentyInputs); // 20 callers behind a barrier
 *       expect(claimed.flat()).toHaveLength(10);
 *     }),
 *   );
 * });
 * ```
 *
 * `acts` is a module of its own, imported whole (`import * as acts from "./build-acts.ts"`): see `Party` and `Acts`.
 */
export function inEachSetUp(define: (setUp: SetUp) => void, only?: readonly SetUpName[]): void {
  for (const kind of KINDS.filter(({ name }) => only?.includes(name) ?? true)) {
    const isMissing = kind.isOnPostgres && missingPostgres() !== undefined;
    describe.skipIf(isMissing)(`${kind.title} (MILLRACE_SEED=${SEED})`, () => {
      let crew: readonly Member[] = [];
      beforeAll(async () => {
        crew = await startCrew(kind.callerProcesses + kind.servers);
      });
      afterAll(async () => {
        await Promise.all(crew.map((member) => member.end()));
      });
      define({
        name: kind.name,
        limitMs: 60_000 + RUNS * 10_000,
        async run(play, options = {}) {
          for (let n = 0; n < (options.runs ?? RUNS); n++) await playOn(kind, crew, SEED + n, play, options);
        },
      });
    });
  }
}

async function playOn(
  kind: Kind,
  crew: readonly Member[],
  seed: number,
  play: (round: Round) => Promise<void>,
  { leaseMs }: RunOptions,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-workload-"));
  const schema = kind.isOnPostgres ? newSchema() : undefined;
  const store = schema?.url ?? `sqlite:${join(folder, "queue.db")}`;
  const secretKey = randomBytes(32).toString("base64");
  const mill = await openMillrace(store, { secretKey });
  let isSound = false;
  try {
    const [callers, serving] = [crew.slice(0, kind.callerProcesses), crew.slice(kind.callerProcesses)];
    const artifacts = join(folder, "artifacts");
    const keys = { apiKey: API_KEY, jwtSecret: JWT_SECRET, secretKey };
    const options = { ...keys, artifacts, ...(leaseMs !== undefined && { leaseMs }) };
    const served = await Promise.all(serving.map((member) => member.ask({ task: "serve", store, options }, "serving")));
    const servers = served.map(({ url }) => url);
    const round = new Round({ ...keys, store, servers, mill, seed, crew: callers });
    await Promise.all(callers.map((member, at) => member.ask({ task: "open", place: round.placeOf(at) }, "done")));
    await play(round);
    await closeAll(crew);
    await round.check(crew.map(({ complaints }) => complaints).join("\n"));
    isSound = true;
  } catch (error) {
    process.stderr.write(`run with MILLRACE_SEED=${seed} failed; its folder is kept: ${folder}\n`);
    await closeAll(crew).catch(() => undefined);
    throw error;
  } finally {
    await mill.close();
    await schema?.end(!isSound);
    if (isSound) rmSync(folder, { recursive: true });
  }
}

/** Callers before servers: those stop soonest when nobody is connected. */
async function closeAll(crew: readonly Member[]): Promise<void> {
  for (const member of crew) await member.ask({ task: "close" }, "done");
}
