import type { Store } from "../../src/core/store.ts";
import { VirtualClock, type StoreProvider } from "../../src/testing/index.ts";
import { checkHistory } from "../../src/verify/check/check-history.ts";
import type { HistoryVerdict } from "../../src/verify/check/verdict.ts";
import { playCrew } from "./simulated-crew.ts";

/** Let a crew play on a new store, and check what it saw. */
export async function verdictOn(provider: StoreProvider, seed: number, rounds: number): Promise<HistoryVerdict> {
  const clock = new VirtualClock();
  const provided = await provider.open(clock.now);
  const opened: Store[] = [provided.store];
  const open = async (): Promise<Store> => {
    const another = await provided.openAnother?.();
    if (another !== undefined) opened.push(another);
    return another ?? provided.store;
  };
  try {
    const { entries, jobs } = await playCrew({ open, clock, seed, rounds });
    const found = await provided.store.get([...jobs]);
    return checkHistory(
      entries,
      found.filter((job) => job !== null),
    );
  } finally {
    for (const store of opened) await store.close();
    await provided.discard(false);
  }
}
