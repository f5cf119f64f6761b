import { isMillraceError } from "../../core/errors.ts";
import type { Millrace } from "../../runtime/millrace.ts";
import type { Abilities } from "./abilities.ts";
import { CANCEL_GRACE_MS, queuesOf, type Places } from "./messages.ts";
import { KINDS } from "./order.ts";
import { passed } from "./passed.ts";

/** Sets the queues up, and does meanwhile what somebody does who looks after them: pauses one, deletes what is old. */
export class Steward {
  readonly #mill: Millrace;
  readonly #places: Places;
  readonly #abilities: Abilities;

  constructor(mill: Millrace, places: Places, abilities: Abilities) {
    this.#mill = mill;
    this.#places = places;
    this.#abilities = abilities;
  }

  async prepare(): Promise<void> {
    for (const name of queuesOf(this.#places))
      await this.#mill.queue(name).configure({ cancelGraceMs: CANCEL_GRACE_MS });
    const { brief, timed } = this.#places;
    const retention = { completedMs: 0, failedMs: 0, cancelledMs: 0 };
    await this.#mill.queue(brief).configure({ retention, numbered: true });
    if (!this.#abilities.hasSchedules) return;
    await this.#mill.schedule(timed, "* * * * * *", KINDS.timed, null, { queue: timed, maxAttempts: 1_000 });
  }

  async work(chance: () => number, enough: AbortSignal): Promise<void> {
    const side = this.#mill.queue(this.#places.side);
    while (!enough.aborted) {
      await passed(300 + chance() * 900, enough);
      await patiently(() => side.pause());
      await passed(100 + chance() * 300, enough);
      await patiently(() => side.resume());
      if (this.#abilities.hasRetention) await patiently(() => this.#mill.prune());
    }
  }

  /** Nothing new comes by itself, and nothing is kept from being claimed. */
  async settle(): Promise<void> {
    if (this.#abilities.hasSchedules) await untilDone(() => this.#mill.unschedule(this.#places.timed));
    await untilDone(() => this.#mill.queue(this.#places.side).resume());
  }

  /** Jobs that have not ended; `null` where the store does not say. */
  async openCount(): Promise<number | null> {
    try {
      const queues = await this.#mill.queues();
      const names = queuesOf(this.#places);
      return queues
        .filter(({ name }) => names.includes(name))
        .reduce((sum, { counts }) => sum + counts.blocked + counts.scheduled + counts.queued + counts.running, 0);
    } catch (error) {
      if (isMillraceError(error) && error.retryable) return null;
      throw error;
    }
  }
}

/** What does not come about while the store is away is left to the next time. */
async function patiently(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    // Done before, and its answer was lost.
    if (error.code === "schedule_not_found") return true;
    if (!error.retryable) throw error;
    return false;
  }
}

const TRIES = 100;

async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < TRIES; i++) {
    if (await patiently(work)) return;
    await passed(200);
  }
  await work();
}
