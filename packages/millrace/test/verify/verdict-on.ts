import type { Store } from "../../src/core/store.ts";
import { VirtualClock, type StoreProvider } from "../../src/testing/index.ts";
import { checkHistory } from "../../src/verify/check/check-history.ts";
import type { FinalJob, HistoryVerdict } from "../../src/verify/check/verdict.ts";
import { playCrew } from "./simulated-crew.ts";

/** Let a crew play on a new store, and check what it saw. */
export async function verdictOn(
  provider: StoreProvider,
  seed: number,
  rounds: number,
  play = playCrew,
): Promise<HistoryVerdict> {
  const clock = new VirtualClock();
  const provided = await provider.open(clock.now);
  const opened: Store[] = [provided.store];
  const open = async (): Promise<Store> => {
    const another = await provided.openAnother?.();
    if (another !== undefined) opened.push(another);
    return another ?? provided.store;
  };
  try {
    const { entries, jobs } = await play({ open, transaction: provided.transaction, clock, seed, rounds });
    const found = (await provided.store.get([...jobs])).filter((job) => job !== null);
    const final: FinalJob[] = [];
    for (const job of found) final.push({ ...job, attempts: await provided.store.attempts(job.id) });
    return checkHistory(entries, final);
  } finally {
    for (const store of opened) await store.close();
    await provided.discard(false);
  }
}
