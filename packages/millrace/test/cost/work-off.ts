import { enqueueMany, KIND, type Play, type Stage } from "./stage.ts";

const CONCURRENCY = 100;
const PREFETCH = 1_000;

/** A worker that waits for jobs and is given so many at a time; the next come when all of them have been settled. */
export async function workOff(stage: Stage, jobs: number, perCall: number): Promise<Play> {
  const worker = stage.mill.worker({ concurrency: CONCURRENCY, prefetch: PREFETCH });
  let left = 0;
  let all = Promise.withResolvers<void>();
  worker.handle(KIND, () => {
    left -= 1;
    if (left === 0) all.resolve();
  });
  await worker.start();
  return {
    before: () => stage.quiet(),
    run: async () => {
      for (let i = 0; i < jobs; i += perCall) {
        left = perCall;
        all = Promise.withResolvers();
        await enqueueMany(stage, perCall);
        await all.promise;
        await stage.quiet();
      }
    },
    end: () => worker.stop(),
  };
}
