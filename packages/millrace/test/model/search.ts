import * as fc from "fast-check";
import type { Store } from "../../src/core/store.ts";
import { ORG, QUEUE } from "../../src/testing/factory.ts";
import { assertSound, VirtualClock } from "../../src/testing/index.ts";
import { JOB_COMMANDS, type JobCommand } from "./job-commands.ts";
import { GRACE_MS, JobModel } from "./job-model.ts";

/**
 * A failure prints its seed and path. To see the same run again:
 *
 *     MILLRACE_SEED=123 MILLRACE_PATH=0:1:4 MILLRACE_REPLAY=ABC:D npx vitest run --project sqlite test/model
 *
 * MILLRACE_SEED alone repeats the whole search; MILLRACE_RUNS sets how many runs there are.
 */
const { MILLRACE_SEED: seed, MILLRACE_PATH: path, MILLRACE_REPLAY: replayPath, MILLRACE_RUNS: runs } = process.env;

const chosen = {
  ...(seed === undefined ? {} : { seed: Number(seed) }),
  ...(path === undefined ? {} : { path }),
};

const commands = fc.commands([...JOB_COMMANDS], {
  maxCommands: 60,
  size: "max",
  ...(replayPath === undefined ? {} : { replayPath }),
});

export type Commands = Iterable<JobCommand>;

/** Let fast-check look for a sequence of commands on which `run` fails. */
export async function search(
  numRuns: number,
  run: (list: Commands) => Promise<void>,
  parameters: fc.Parameters<[Commands]> = {},
): Promise<void> {
  const count = runs === undefined ? numRuns : Number(runs);
  await fc.assert(fc.asyncProperty(commands, run), { numRuns: count, ...chosen, ...parameters });
}

/** Run the commands on the model and on so many connections to one empty store, and compare after each. */
export async function runOn(
  open: (now: () => number) => Promise<Store>,
  connections: number,
  list: Commands,
): Promise<void> {
  const clock = new VirtualClock();
  const stores: Store[] = [];
  for (let i = 0; i < connections; i++) stores.push(await open(clock.now));
  try {
    const [store] = stores;
    await store?.configureQueue(ORG, QUEUE, { settings: { cancelGraceMs: GRACE_MS } });
    await fc.asyncModelRun(() => ({ model: new JobModel(clock.now()), real: { stores, clock } }), list);
    if (store !== undefined) await assertSound(store);
  } finally {
    for (const store of stores) await store.close();
  }
}
