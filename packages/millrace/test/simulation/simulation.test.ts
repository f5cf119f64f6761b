import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROKEN_RUNTIMES } from "./broken-runtimes.ts";
import { playRun, type RunResult } from "./play-run.ts";
import { ReusedStore } from "./reused-store.ts";

/** `MILLRACE_SEED=…` for what was seen before, `MILLRACE_RUNS=…` for more of it; `npm run simulate` for much more. */
const SEED = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1_000_000_000);
const RUNS = Number(process.env["MILLRACE_RUNS"] ?? 200);
const MOST_RUNS_UNTIL_FOUND = 1_500;

let reused: ReusedStore;
const said: string[] = [];

beforeAll(async () => {
  reused = await ReusedStore.open();
});

afterAll(() => {
  reused.close();
  process.stdout.write(`${said.join("\n")}\n`);
});

describe("the whole library, simulated", () => {
  it("keeps its promises in whatever order things happen", async () => {
    process.stdout.write(`simulation with MILLRACE_SEED=${SEED}\n`);
    let points = 0;
    for (let seed = SEED; seed < SEED + RUNS; seed++) {
      const result = await playRun({ seed, reused });
      points += result.points;
      expect(result.broken, `again with: npm run simulate -- --seed ${seed}`).toEqual([]);
    }
    said.push(`${RUNS} runs of ${Math.round(points / RUNS)} points each`);
  });

  it("follows from the seed alone, on a machine that is busy and on a store that has been used", async () => {
    const first = await replay(SEED, await ReusedStore.open());
    // What the event loop is held up by must change nothing.
    const load = setInterval(() => {
      const until = performance.now() + Math.random() * 10;
      while (performance.now() < until);
    }, 20);
    const second = await replay(SEED, reused);
    clearInterval(load);
    expect(second).toEqual(first);
    expect(new Set(first.map(({ fingerprint }) => fingerprint)).size).toBeGreaterThan(first.length / 2);
  });
});

describe("a runtime with a bug is found out:", () => {
  it.each(BROKEN_RUNTIMES.map((broken) => [broken.bug, broken] as const))("%s", async (bug, { sabotage }) => {
    for (let runs = 1; runs <= MOST_RUNS_UNTIL_FOUND; runs++) {
      const { broken, seed } = await playRun({ seed: runs, reused, sabotage });
      const [first] = broken;
      if (first === undefined) continue;
      said.push(`${bug}\n    found by run ${runs}, seed ${seed}: ${first.guarantee}: ${first.message.slice(0, 200)}`);
      return;
    }
    expect.fail(`${MOST_RUNS_UNTIL_FOUND} runs found nothing`);
  });
});

/** Everything that can be seen of some runs. */
async function replay(
  from: number,
  store: ReusedStore,
): Promise<readonly (Pick<RunResult, "jobs" | "entries" | "virtualMs"> & { readonly fingerprint: string })[]> {
  const results = [];
  for (let seed = from; seed < from + 20; seed++) {
    const { trace, jobs, entries, virtualMs, broken } = await playRun({ seed, reused: store, isTraced: true });
    results.push({ fingerprint: trace.fingerprint, lines: trace.lines, jobs, entries, virtualMs, broken });
  }
  return results;
}
