import assert from "node:assert/strict";
import type { Change, ChangeStore } from "../../core/store.ts";
import { aRequest, enqueueOne } from "../factory.ts";
import { casesOf, type ConformanceCase } from "../harness.ts";

const COMMITS = 4;

/** Listeners that others wake. The first time may be for nothing, as whoever begins to listen is told to look. */
export const wakeUpCases: readonly ConformanceCase[] = casesOf("events", [
  {
    name: "every commit of another connection wakes a listener, not only the first",
    guarantees: ["G9"],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const another = await openAnother();
      await eachWakes(store, async () => enqueueOne(another));
    },
  },
  {
    name: "every commit of a caller's transaction wakes a listener, not only the first",
    guarantees: ["G9", "G11"],
    needs: ["isShared"],
    async run({ store, transaction }) {
      await eachWakes(store, async () => transaction(async (tx) => store.within(tx).enqueue([aRequest()])));
    },
  },
]);

/** After each of some commits a listener is told that there may be tickets to claim. */
async function eachWakes(store: ChangeStore, commit: () => Promise<unknown>): Promise<void> {
  const wakes = new Wakes("ready");
  const stop = store.onChange(wakes.listener);
  for (let n = 0; n < COMMITS; n++) {
    const before = wakes.count;
    await commit();
    await wakes.above(before);
  }
  stop();
  assert.ok(wakes.count >= COMMITS);
}

class Wakes {
  count = 0;
  readonly #change: Change;
  #heard = Promise.withResolvers<void>();

  constructor(change: Change) {
    this.#change = change;
  }

  readonly listener = (changes: ReadonlySet<Change>): void => {
    if (!changes.has(this.#change)) return;
    this.count += 1;
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  };

  async above(count: number): Promise<void> {
    while (this.count <= count) await this.#heard.promise;
  }
}
