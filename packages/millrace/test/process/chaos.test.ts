import { expect, it } from "vitest";
import { until } from "../runtime/until.ts";
import type { Line } from "./chaos-messages.ts";
import { findLies, readAllJobs, readRecords } from "./history.ts";
import { Nemesis } from "./nemesis.ts";
import { Scene } from "./scene.ts";

/** `MILLRACE_SECONDS=60` for a longer rage, `MILLRACE_SEED=…` for one that was seen before. */
const SECONDS = Number(process.env["MILLRACE_SECONDS"] ?? 12);
const SEED = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1_000_000);
const DRAIN_LIMIT_MS = 60_000 + SECONDS * 1_000;

it(
  `workers and producers that are killed for ${SECONDS} s lose nothing, run nothing twice and leave no gap`,
  { timeout: DRAIN_LIMIT_MS + SECONDS * 2_000 + 60_000 },
  async () => {
    process.stdout.write(`chaos with MILLRACE_SEED=${SEED}\n`);
    const scene = new Scene();
    const mill = await scene.open();
    const nemesis = new Nemesis(scene, SEED);
    await nemesis.ready();
    await nemesis.rage(SECONDS * 1_000);

    const producersEnded = await Promise.all(nemesis.producers.map((role) => role.leave()));
    const isDrained = async (): Promise<boolean> => {
      const { blocked, scheduled, queued, running } = await mill.counts();
      return blocked + scheduled + queued + running === 0;
    };
    await until("every job has ended", isDrained, DRAIN_LIMIT_MS);
    const workersEnded = await Promise.all(nemesis.workers.map((role) => role.leave()));
    expect([...producersEnded, ...workersEnded]).toEqual(Array.from({ length: 6 }, () => "code 0"));

    const jobs = await readAllJobs(mill);
    const lines = readRecords(nemesis.records);
    const count = (what: Line["what"]): number => lines.filter((line) => line.what === what).length;
    const cutShort = count("begin") - count("end");
    process.stdout.write(
      `${nemesis.kills} kills, ${jobs.length} jobs, ${count("begin")} handlers, ${cutShort} of them cut short\n`,
    );
    expect(cutShort).toBeGreaterThan(0);
    expect(nemesis.kills).toBeGreaterThan(SECONDS);
    expect(jobs.length).toBeGreaterThan(100);
    expect(await findLies(mill, jobs, lines)).toEqual([]);
    expect((await mill.verify()).violations).toEqual([]);
    await until("nobody is taken for alive any more", async () => (await mill.workers()).length === 0);
  },
);
