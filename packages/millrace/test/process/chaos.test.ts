import { expect, it } from "vitest";
import { endChaos } from "./chaos-end.ts";
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
    const scene = Scene.on();
    const mill = await scene.open();
    const nemesis = new Nemesis(scene, { seed: SEED, concurrency: 8, backlog: 300, pauseMs: [30, 430] });
    await nemesis.ready();
    const end = performance.now() + SECONDS * 1_000;
    await nemesis.rage(() => performance.now() > end);

    expect(await endChaos(mill, nemesis, DRAIN_LIMIT_MS)).toBeGreaterThan(100);
    expect(nemesis.kills).toBeGreaterThan(SECONDS);
  },
);
