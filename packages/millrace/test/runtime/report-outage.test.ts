import { expect, it } from "vitest";
import { StoreError } from "../../src/core/errors.ts";
import type { Store } from "../../src/core/store.ts";
import { Kernel } from "../../src/runtime/kernel.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { Millrace } from "../../src/runtime/millrace.ts";
import { systemClock, systemRandom } from "../../src/runtime/platform.ts";
import { openSqlite } from "../../src/stores/sqlite/index.ts";

it("what a job said last is kept when the store is away as it ends, and the job does not end before", async () => {
  const sound = await openSqlite({ file: ":memory:" });
  let refusals = 2;
  const store: Store = {
    ...sound,
    report(reports) {
      if (refusals-- > 0) return Promise.reject(new StoreError("store_unavailable", "away"));
      return sound.report(reports);
    },
  };
  const timing = { clock: systemClock, random: systemRandom };
  const kernel = new Kernel({ ...timing, store, org: "default", logger: silentLogger, host: null, pid: null });
  const mill = new Millrace(kernel, () => store.close());
  const worker = mill.worker().handle("k", (_, ctx) => {
    ctx.log("one");
    ctx.log("two");
    ctx.progress(100, "said");
  });
  await worker.start();
  const job = await mill.wait((await mill.enqueue("k")).id);
  expect(job).toMatchObject({ state: "completed", attempt: 1, progress: { percent: 100, message: "said" } });
  expect((await mill.logs(job.id)).map(({ sequence, text }) => [sequence, text])).toEqual([
    [1, "one"],
    [2, "two"],
  ]);
  expect(refusals).toBeLessThan(0);
  await mill.close();
});
