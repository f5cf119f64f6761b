import type { JobId } from "../../core/job.ts";
import { show } from "../../core/options.ts";
import type { Store } from "../../core/store.ts";
import { openMemoryStore } from "../../open-store.ts";
import { Kernel } from "../../runtime/kernel.ts";
import type { Logger } from "../../runtime/logger.ts";
import { Millrace } from "../../runtime/millrace.ts";
import { chanceFrom } from "../../core/chance.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { OPEN_VAULT } from "./open-vault.ts";
import { Passage } from "./passage.ts";
import { StoreWatch } from "./store-watch.ts";
import { runtimeClock, TestClock } from "./test-clock.ts";

interface QueuePlan {
  readonly startAt: number;
  readonly seed: number;
  readonly org: string;
  readonly logger: Logger;
  readonly patienceMs: number;
}

/** A Millrace on virtual time, with all that moves it. */
export interface LaidQueue {
  readonly mill: Millrace;
  readonly clock: TestClock;
  readonly time: VirtualClock;
  readonly watch: StoreWatch;
  readonly passage: Passage;
  /** Why jobs were put off whose kind the worker that took them does not know. */
  readonly unknownKinds: ReadonlyMap<JobId, string>;
}

/** Put the library on an empty store in memory, and both on a clock that stands still. */
export async function layQueue({ startAt, seed, org, logger, patienceMs }: QueuePlan): Promise<LaidQueue> {
  const time = new VirtualClock(startAt);
  const watch = new StoreWatch();
  const store = await openMemoryStore(time.now);
  const watched = watch.watch(store);
  const unknownKinds = new Map<JobId, string>();
  const mill = new Millrace(
    new Kernel({
      store: watched,
      org,
      logger: notingUnknownKinds(logger, unknownKinds),
      host: "test",
      pid: null,
      clock: runtimeClock(time, watch),
      random: chanceFrom(seed),
      vault: OPEN_VAULT,
    }),
    () => watched.close(),
  );
  const clock = new TestClock(time, (ms) => passage.advance(ms));
  const passage = new Passage({
    store,
    time,
    watch,
    patienceMs,
    nextWakeInMs: () => clock.nextWakeInMs(),
    atWorkCount: () => runningIn(store),
  });
  return { mill, clock, time, watch, passage, unknownKinds };
}

/** Close it. Workers keep their graces by the clock, which nobody else moves any more. */
export async function closeOver({ mill, passage, time }: LaidQueue): Promise<void> {
  let isClosed = false;
  const closing = mill.close().finally(() => (isClosed = true));
  for (;;) {
    await Promise.race([closing, passage.rest()]);
    if (isClosed) return closing;
    time.advance(time.nextInMs ?? 0);
  }
}

/** All workers of a test live in its process. */
async function runningIn(store: Store): Promise<number> {
  return (await store.counts({ state: "running" })).running;
}

/** The runtime says so in its log alone, since elsewhere there may be a worker who knows the kind. Here there is none. */
function notingUnknownKinds(logger: Logger, unknown: Map<JobId, string>): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    error: (fields, message) => logger.error(fields, message),
    warn(fields, message) {
      const { job, kind, handled } = fields;
      if (Array.isArray(handled)) {
        const known = handled.length === 0 ? "no kind at all" : handled.map((name) => show(name)).join(", ");
        unknown.set(job as JobId, `The worker that took it has no handler for ${show(kind)}; it knows ${known}.`);
      }
      logger.warn(fields, message);
    },
  };
}
