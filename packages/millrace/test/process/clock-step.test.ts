import { join } from "node:path";
import { expect, it } from "vitest";
import { chanceFrom } from "../../src/core/chance.ts";
import { ClockFile, clockArguments } from "../../src/verify/faults/clock-file.ts";
import { until } from "../runtime/until.ts";
import { Actor } from "./actor.ts";
import { Scene } from "./scene.ts";
import { onEachStore } from "./store-kinds.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1_000_000);
const JOBS = 120;
const HOUR_MS = 3_600_000;

type Told =
  | { type: "running" }
  | { type: "enqueued" }
  /** The worker's logger was told of an error, such as an outcome that the store refused. */
  | { type: "complained"; message: string };

/** Whether it lies between then and now, by a clock that may differ from ours by a second. */
function isSince(begunAt: number, at: Date | null): boolean {
  return at !== null && at.getTime() >= begunAt - 1_000 && at.getTime() <= Date.now() + 1_000;
}

onEachStore((kind) => {
  it("a wall clock that steps back and forth leaves no job that ran before it was created or ended before it ran", async () => {
    process.stdout.write(`clock steps with MILLRACE_SEED=${SEED}\n`);
    const chance = chanceFrom(SEED);
    const scene = Scene.on(kind);
    const begunAt = Date.now();
    const mill = await scene.open();
    const clock = new ClockFile(join(scene.folder, "clock"));
    const execArgv = [...clockArguments(clock)];
    const actor = scene.play(
      new Actor<Told>(new URL("./clock-program.ts", import.meta.url), { url: scene.url, jobs: JOBS }, { execArgv }),
    );
    const running = (): number => actor.told.filter(({ type }) => type === "running").length;

    for (let step = 1; step <= 20; step++) {
      const seen = running();
      await until("some jobs more have begun", () => running() >= Math.min(seen + 4, JOBS / 2));
      // Back by up to an hour, or forward again; each place is a new one.
      clock.set(-Math.round(chance() * HOUR_MS) - step);
    }
    await actor.hears(({ type }) => type === "enqueued");
    // What waits for its next attempt was put to times an hour apart; all of them have come then.
    clock.set(HOUR_MS);
    await until("all jobs have completed", async () => (await mill.counts()).completed === JOBS);
    actor.kill("SIGTERM");
    expect(await actor.exited).toEqual({ code: 0, signal: null });

    expect(actor.told.filter(({ type }) => type === "complained")).toEqual([]);
    const { jobs } = await mill.list({}, { limit: 1_000 });
    for (const { id, createdAt, startedAt, finishedAt } of jobs) {
      const attempts = await mill.attempts(id);
      const times = [createdAt, startedAt, ...attempts.flatMap((each) => [each.startedAt, each.endedAt]), finishedAt];
      for (const each of attempts) expect(each.endedAt.getTime()).toBeGreaterThanOrEqual(each.startedAt.getTime());
      expect(startedAt?.getTime()).toBeGreaterThanOrEqual(createdAt.getTime());
      expect(finishedAt?.getTime()).toBeGreaterThanOrEqual(startedAt?.getTime() ?? Number.NaN);
      expect(times).not.toContain(null);
      if (kind.hasOwnClock) expect(times.filter((at) => !isSince(begunAt, at))).toEqual([]);
    }
    expect(jobs.map(({ number }) => number).toReversed()).toEqual(Array.from({ length: JOBS }, (_, i) => i + 1));
    expect((await mill.verify()).violations).toEqual([]);
  });
});
