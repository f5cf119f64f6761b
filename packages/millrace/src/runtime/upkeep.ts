import type { Clock, Random } from "../core/clock.ts";
import { nextCronTime } from "../core/cron.ts";
import type { JobId } from "../core/job.ts";
import type { Change, Store, UpkeepResult } from "../core/store.ts";
import type { Logger } from "./logger.ts";
import { Loop } from "./loop.ts";

const PROMOTE_LIMIT = 1_000;
const RESCUE_LIMIT = 500;
const PRUNE_LIMIT = 500;
const PROMOTE_EVERY_MS = 5_000;
const RESCUE_EVERY_MS = 500;
const LATE_RESCUE_MS = RESCUE_EVERY_MS + 250;
const PRUNE_EVERY_MS = 60_000;
const SCHEDULE_EVERY_MS = 5_000;

interface Upkeeper {
  readonly name: string;
  readonly everyMs: number;
  /** The change after which there may be something to do. */
  readonly wokenBy: Change | undefined;
  readonly limit: number;
  readonly run: () => Promise<UpkeepResult>;
}

/**
 * What somebody must do from time to time: promote what is due, rescue what was lost, enqueue what schedules ask for,
 * prune what is old. Every process with a worker does it; the store sees to it that each thing is done once.
 */
export class Upkeep {
  readonly #store: Store;
  readonly #loops: { readonly loop: Loop; readonly wokenBy: Change | undefined }[];
  /** What each user does to show that its workers live. */
  readonly #beats = new Set<() => Promise<void>>();
  #stopListening: (() => void) | undefined;

  constructor(
    store: Store,
    timing: { readonly clock: Clock; readonly random: Random },
    newId: () => JobId,
    logger: Logger,
  ) {
    this.#store = store;
    const { clock } = timing;
    this.#loops = upkeepers(store, clock, newId, () => this.#beatAll()).map(
      ({ name, everyMs, wokenBy, limit, run }) => ({
        wokenBy,
        loop: new Loop({
          ...timing,
          everyMs,
          run: async () => {
            const { count, nextInMs } = await run();
            return count >= limit ? 0 : (nextInMs ?? undefined);
          },
          onError: (error) => logger.warn({ error, upkeep: name }, "upkeep failed; it will be tried again"),
        }),
      }),
    );
  }

  /**
   * Begin with the first user; end with the last.
   * @param beat prolongs the leases of the user's worker
   */
  acquire(beat: () => Promise<void>): void {
    this.#beats.add(beat);
    if (this.#beats.size > 1) return;
    this.#stopListening = this.#store.onChange((changes) => {
      for (const { loop, wokenBy } of this.#loops) if (wokenBy !== undefined && changes.has(wokenBy)) loop.wake();
    });
    for (const { loop } of this.#loops) loop.start();
  }

  async release(beat: () => Promise<void>): Promise<void> {
    if (!this.#beats.delete(beat) || this.#beats.size > 0) return;
    this.#stopListening?.();
    this.#stopListening = undefined;
    await Promise.all(this.#loops.map(({ loop }) => loop.stop()));
  }

  async #beatAll(): Promise<void> {
    await Promise.all([...this.#beats].map((beat) => beat()));
  }
}

function upkeepers(store: Store, clock: Clock, newId: () => JobId, beatAll: () => Promise<void>): readonly Upkeeper[] {
  let rescuedAt = clock.monotonic();
  return [
    {
      name: "promote",
      everyMs: PROMOTE_EVERY_MS,
      wokenBy: "scheduled",
      limit: PROMOTE_LIMIT,
      run: () => store.promote(PROMOTE_LIMIT),
    },
    {
      name: "rescue",
      everyMs: RESCUE_EVERY_MS,
      wokenBy: "cancel",
      limit: RESCUE_LIMIT,
      run: async () => {
        // Coming late means that this process stood still: its own leases come first, then those of others.
        const isLate = clock.monotonic() - rescuedAt > LATE_RESCUE_MS;
        if (isLate) await beatAll();
        const result = await store.rescue(RESCUE_LIMIT);
        rescuedAt = clock.monotonic();
        return result;
      },
    },
    {
      name: "schedule",
      everyMs: SCHEDULE_EVERY_MS,
      wokenBy: "scheduled",
      limit: Number.POSITIVE_INFINITY,
      run: () =>
        store.fireSchedules(({ request, cron, timeZone, nextAt }) => {
          // Times that passed while nobody was there are made up for once, not one by one. The store says what is due,
          // and our clock may be behind its own; counted from that, the time that is due now would come once more.
          const passedAt = new Date(Math.max(clock.now(), nextAt?.getTime() ?? 0));
          return { request: { ...request, id: newId() }, nextAt: nextCronTime(cron, timeZone, passedAt) };
        }),
    },
    {
      name: "prune",
      everyMs: PRUNE_EVERY_MS,
      wokenBy: undefined,
      limit: PRUNE_LIMIT,
      run: () => store.prune(PRUNE_LIMIT),
    },
  ];
}
