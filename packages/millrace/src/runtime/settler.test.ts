import { expect, it } from "vitest";
import { StoreError } from "../core/errors.ts";
import type { Claim, Store } from "../core/store.ts";
import { afterRelease } from "../core/transition.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { Attempt } from "./attempt.ts";
import { silentLogger } from "./logger.ts";
import { Reporter } from "./reporter.ts";
import { Settler } from "./settler.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("gives up outcomes that an outage kept from being written when the client is closed, and sets no timer any more", async () => {
  const store = {
    settle: async () => {
      throw new StoreError("store_unavailable", "the store is away");
    },
  } as unknown as Store;
  const clock = new VirtualClock();
  const closing = new AbortController();
  const reporter = new Reporter(store, clock, silentLogger);
  const settler = new Settler(store, reporter, { clock, random: () => 0.5 }, silentLogger, closing.signal);
  const lease = { job: "job_1", token: 1, attempt: 1 } as unknown as Claim["lease"];
  const attempt = new Attempt({ lease } as Claim, 30_000);
  const settled = settler.settle(attempt, { job: lease.job, token: 1, move: afterRelease() });
  for (let i = 0; i < 3; i++) {
    await turn();
    await turn();
    expect(clock.nextInMs).not.toBeNull();
    clock.advance(2_000);
  }
  closing.abort();
  await turn();
  clock.advance(2_000);
  await expect(settled).resolves.toBe("lost");
  await turn();
  expect(clock.nextInMs).toBeNull();
});
