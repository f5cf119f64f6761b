import { randomBytes } from "node:crypto";
import { openMillrace } from "millrace";
import { serveHttp } from "millrace/http";
import { expect, onTestFinished, test } from "vitest";
import { quietEnvironment } from "../cli/spawn-millrace.ts";
import { Actor } from "../process/actor.ts";
import { openAt } from "../process/open-at.ts";
import { Scene } from "../process/scene.ts";
import { onEachStore } from "../process/store-kinds.ts";
import { RUNS } from "./set-ups.ts";
import type { FleetInput } from "./transcode-worker-program.ts";

const WORKERS = 10;
const JOBS = 100;
/** Attempts of the job that takes its worker with it, and so the workers that die. */
const CRASHES = 3;
const LEASE_MS = 1_000;
const LIMIT_MS = 60_000;
const MOST_EVENTS = 5_000;

onEachStore((kind) => {
  /** Ten processes take their time to start; PostgreSQL is for a long look. */
  const isShort = kind.hasOwnClock && RUNS < 100;

  test.skipIf(isShort)(
    `AT4 AD11 ${CRASHES} of ${WORKERS} workers die while ${JOBS} jobs run: all of these complete, once; what killed them fails`,
    { timeout: LIMIT_MS },
    async () => {
      const scene = Scene.on(kind);
      const apiKey = randomBytes(32).toString("hex");
      const [mill, store] = [await openMillrace(scene.url), await openAt(scene.url)];
      const server = await serveHttp({ mill, apiKey, port: 0, stopGraceMs: 1_000 });
      onTestFinished(async () => {
        await server.stop();
        await mill.close();
        await store.close();
      });
      const input: FleetInput = { server: server.url, key: apiKey, leaseMs: LEASE_MS, workMs: 200 };
      const program = new URL("./transcode-worker-program.ts", import.meta.url);
      const fleet = Array.from({ length: WORKERS }, () =>
        scene.play(new Actor<string>(program, input, { env: quietEnvironment() })),
      );
      await Promise.all(fleet.map((worker) => worker.hears((said) => said === "started")));

      const { cursor } = await store.events("default", null, 0);
      const crash = { kind: "crash", options: { queue: "live", maxAttempts: CRASHES } };
      const work = Array.from({ length: JOBS }, () => ({
        kind: "transcode",
        options: { queue: "default", maxAttempts: 4 },
      }));
      const [crashing, ...working] = await mill.enqueueMany([crash, ...work]);
      const ended = await Promise.all(working.map(({ id }) => mill.wait(id)));
      const failed = await mill.wait(crashing?.id ?? "job_");

      expect(failed).toMatchObject({ state: "failed", attempt: CRASHES });
      expect(ended.map(({ state }) => state)).toEqual(working.map(() => "completed"));
      for (const { id, attempt, result } of ended) {
        const lost = await mill.attempts(id);
        expect(lost.map(({ ending }) => ending)).toEqual(Array.from({ length: attempt - 1 }, () => "lost"));
        // The result is that of the attempt which the store had last given out.
        expect((result as { readonly token: number }).token).toBe(attempt);
      }
      // A worker takes four jobs at once, so the first that died held others beside the one that killed it.
      expect(ended.filter(({ attempt }) => attempt > 1).length).toBeGreaterThan(0);
      const { events } = await store.events("default", cursor, MOST_EVENTS);
      const ends = events.filter(({ type }) => type === "completed").map(({ job }) => job);
      expect(ends.toSorted()).toEqual(working.map(({ id }) => id).toSorted());

      for (const worker of fleet) worker.kill("SIGTERM");
      const exits = await Promise.all(fleet.map(({ exited }) => exited));
      expect(exits.filter(({ signal }) => signal === "SIGKILL")).toHaveLength(CRASHES);
      expect(exits.filter(({ code }) => code === 0)).toHaveLength(WORKERS - CRASHES);
      expect((await mill.verify()).violations).toEqual([]);
    },
  );
});
