import { isMillraceError, type Millrace } from "millrace";
import { expect, it, onTestFinished } from "vitest";
import { missingServer } from "../outage/road.ts";
import { startServer } from "../postgres/server.ts";
import { passed, until } from "../runtime/until.ts";
import { COUNT_EVERY_MS, endChaos } from "./chaos-end.ts";
import { chanceFrom } from "./chaos-messages.ts";
import { Nemesis } from "./nemesis.ts";
import { Scene } from "./scene.ts";

/** `MILLRACE_CHAOS_JOBS=20000` for the whole of it, `MILLRACE_SEED=…` for one that was seen before. */
const JOBS = Number(process.env["MILLRACE_CHAOS_JOBS"] ?? 4_000);
const SEED = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1_000_000);
/** Of a machine that does other things as well. */
const SLOWEST_JOBS_A_SECOND = 40;
const LIMIT_MS = 60_000 + (JOBS / SLOWEST_JOBS_A_SECOND) * 1_000;

it.skipIf(missingServer() !== undefined)(
  `${JOBS} jobs on PostgreSQL, with workers and producers that are killed and a database that restarts: nothing is lost, nothing runs twice, no gap`,
  { timeout: 2 * LIMIT_MS + 60_000 },
  async () => {
    process.stdout.write(`chaos on PostgreSQL with MILLRACE_SEED=${SEED}\n`);
    const server = await startServer();
    onTestFinished(() => server.remove());
    const scene = Scene.at(server.url);
    const mill = await scene.open();
    const nemesis = new Nemesis(scene, { seed: SEED, concurrency: 25, backlog: 1_000, pauseMs: [500, 2_500] });
    await nemesis.ready();

    let isEnough = false;
    const raging = nemesis.rage(() => isEnough);
    await until("half of the jobs are there", async () => (await jobCount(mill)) >= JOBS / 2, LIMIT_MS);
    const mode = chanceFrom(SEED)() < 0.5 ? "fast" : "immediate";
    process.stdout.write(`the database restarts: ${mode}\n`);
    await server.stop(mode);
    await server.start();
    await until("all of the jobs are there", async () => (await jobCount(mill)) >= JOBS, LIMIT_MS);
    isEnough = true;
    await raging;

    expect(await endChaos(mill, nemesis, LIMIT_MS)).toBeGreaterThanOrEqual(JOBS);
    expect(nemesis.kills).toBeGreaterThan(JOBS / 1_000);
  },
);

/** As many as can be seen; 0 while the database is away. */
async function jobCount(mill: Millrace): Promise<number> {
  await passed(COUNT_EVERY_MS);
  try {
    return Object.values(await mill.counts()).reduce((sum, count) => sum + count, 0);
  } catch (error) {
    if (!isMillraceError(error) || !error.retryable) throw error;
    return 0;
  }
}
