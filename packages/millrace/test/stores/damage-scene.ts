import type { JobId } from "../../src/core/job.ts";
import type { Store } from "../../src/core/store.ts";
import { aRequest, claimSome, enqueueAll, moves, refOf, requests } from "../../src/testing/factory.ts";

/** Jobs that have gone every way, by what became of them. */
export interface Scene {
  readonly completed: JobId;
  /** Runs, and has written three lines. */
  readonly running: JobId;
  /** Was claimed once and given back. */
  readonly released: JobId;
  /** Failed once, and is scheduled to run again. */
  readonly retrying: JobId;
  readonly cancelled: JobId;
  readonly fresh: JobId;
  /** Waits, with a key and a tag. */
  readonly keyed: JobId;
  /** Waits for its time. */
  readonly delayed: JobId;
}

export async function setScene(store: Store): Promise<Scene> {
  const jobs = [
    ...requests(6),
    aRequest({ key: "k", tags: { colour: "red" } }),
    aRequest({ delayMs: 600_000, scope: "later" }),
  ];
  const ids = (await enqueueAll(store, jobs)).map(({ id }) => id);
  const [completed, running, released, retrying, cancelled, fresh, keyed, delayed] = ids;
  if (!completed || !running || !released || !retrying || !cancelled || !fresh || !keyed || !delayed) {
    throw new Error("each request makes a job");
  }
  const claims = await claimSome(store, 4);
  const ways = { [completed]: moves.complete(), [released]: moves.release(), [retrying]: moves.retry(600_000) };
  await store.settle(
    claims.flatMap((claim) => {
      const move = ways[claim.job.id];
      return move === undefined ? [] : [{ ...refOf(claim), move }];
    }),
  );
  const held = claims.find(({ job }) => job.id === running);
  if (held === undefined) throw new Error("the second job was claimed");
  const lines = ["one", "two", "three"].map((text) => ({ stream: "log" as const, text }));
  await store.report([{ ...refOf(held), progress: null, lines }]);
  await store.cancel([{ id: cancelled, by: null, reason: null }]);
  return { completed, running, released, retrying, cancelled, fresh, keyed, delayed };
}
