import assert from "node:assert/strict";
import type { MaybePromise, Store } from "../core/store.ts";
import type { StoreCapabilities } from "../core/store-capabilities.ts";
import { VirtualClock } from "./virtual-clock.ts";

export type Capability = keyof StoreCapabilities;

/** As in docs/guarantees.md. */
export type GuaranteeId = `G${number}`;

/** One thing every store must do, as data: any test runner can run it on any store. */
export interface ConformanceCase {
  readonly area: string;
  /** A sentence that can be false. */
  readonly name: string;
  readonly guarantees: readonly GuaranteeId[];
  /** Without these the case has no meaning, and is reported as skipped. */
  readonly needs?: readonly Capability[];
  run(bench: ConformanceBench): Promise<void>;
}

/** What a case works with: empty data, a clock that stands still, and further connections to the same data. */
export interface ConformanceBench {
  readonly store: Store;
  readonly clock: VirtualClock;
  /** Needs `isShared`. The runner closes it. */
  readonly openAnother: () => Promise<Store>;
  /** A store of the same kind on empty data of its own, with the same clock. The runner closes it. */
  readonly openEmpty: () => Promise<Store>;
  /**
   * Run `work` inside a transaction of the caller, on a connection of the caller's own. Commits when it is done, rolls
   * back when it fails. Needs `isShared`; several may be open at once where the store `isNumberedAtCommit`.
   */
  readonly transaction: Transaction;
  /**
   * Run `work` while the store's clock breaks when it is read for the `reading`-th time from now, 0 being the next: a
   * failure in the middle of a call. True when that moment came, and `work` failed by it.
   */
  readonly interrupted: (reading: number, work: () => Promise<unknown>) => Promise<boolean>;
}

export type Transaction = <T>(work: (tx: unknown) => MaybePromise<T>) => Promise<T>;

/** What a store brings to be tested. */
export interface StoreProvider {
  /** A store on new, empty data, with this for its clock. */
  open(now: () => number): Promise<ProvidedStore>;
}

export interface ProvidedStore {
  readonly store: Store;
  /** Another connection to the same data, with the same clock. */
  readonly openAnother?: () => Promise<Store>;
  readonly transaction?: Transaction;
  /** Called at the end, with every connection closed. What a failed case leaves behind is worth keeping. */
  discard(failed: boolean): Promise<void> | void;
}

export type CaseVerdict =
  | { readonly status: "passed" }
  | { readonly status: "skipped"; readonly missing: readonly Capability[] }
  | { readonly status: "failed"; readonly error: Error };

/** A broken store may answer never; a sound one answers within its bounds, which are shorter. */
const CASE_LIMIT_MS = 20_000;

/**
 * Run one case on new data. After it, whatever it did, the store's own audit must find nothing.
 * @param limitMs how long the case may take
 */
export async function runCase(
  test: ConformanceCase,
  provider: StoreProvider,
  limitMs: number = CASE_LIMIT_MS,
): Promise<CaseVerdict> {
  const clock = new VirtualClock();
  const fuse = new Fuse(clock.now);
  const provided = await provider.open(fuse.now);
  const allProvided = [provided];
  const opened: Store[] = [provided.store];
  const openEmpty = async (): Promise<Store> => {
    const other = await provider.open(fuse.now);
    allProvided.push(other);
    opened.push(other.store);
    return other.store;
  };
  const verdict = await judge(async () => {
    const missing = (test.needs ?? []).filter((capability) => !provided.store.capabilities[capability]);
    if (missing.length > 0) return { status: "skipped", missing };
    await test.run({ ...benchOn(provided, clock, fuse, opened), openEmpty });
    for (const { store } of allProvided) await assertSound(store);
    return { status: "passed" };
  }, limitMs);
  for (const store of opened) await store.close();
  for (const each of allProvided) await each.discard(verdict.status === "failed");
  return verdict;
}

/** The store's own audit has nothing to say. */
export async function assertSound(store: Store): Promise<void> {
  const { violations } = await store.audit();
  const told = violations.map(({ guarantee, message, rows }) => `${guarantee}: ${message} (${rows.join(", ")})`);
  assert.deepEqual(told, [], "the audit finds no violation");
}

function benchOn(
  provided: ProvidedStore,
  clock: VirtualClock,
  fuse: Fuse,
  opened: Store[],
): Omit<ConformanceBench, "openEmpty"> {
  return {
    store: provided.store,
    clock,
    async openAnother() {
      assert.ok(provided.openAnother, "a store that is shared can be opened again");
      const another = await provided.openAnother();
      opened.push(another);
      return another;
    },
    async transaction(work) {
      assert.ok(provided.transaction, "a store that is shared takes part in transactions of the caller");
      return provided.transaction(work);
    },
    interrupted: async (reading, work) => fuse.blowDuring(reading, work),
  };
}

class Rollback extends Error {}

/** Runs `work` in a transaction that is then rolled back; what `work` itself throws comes through. */
export async function rolledBack(bench: ConformanceBench, work: (tx: unknown) => unknown): Promise<void> {
  const rollingBack = bench.transaction(async (tx) => {
    await work(tx);
    throw new Rollback();
  });
  await assert.rejects(rollingBack, Rollback);
}

class Interruption extends Error {
  override readonly name = "Interruption";
}

/** A clock that can be made to fail once. Stores read it in the middle of their work, which makes it a way in. */
class Fuse {
  readonly #clock: () => number;
  #readingsLeft: number | null = null;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  readonly now = (): number => {
    if (this.#readingsLeft !== null && this.#readingsLeft-- === 0) {
      this.#readingsLeft = null;
      throw new Interruption("the clock broke, as the test wanted");
    }
    return this.#clock();
  };

  async blowDuring(reading: number, work: () => Promise<unknown>): Promise<boolean> {
    this.#readingsLeft = reading;
    try {
      await work();
      assert.notEqual(this.#readingsLeft, null, "a call whose clock broke does not succeed");
      return false;
    } catch (error) {
      if (error instanceof Interruption) return true;
      throw error;
    } finally {
      this.#readingsLeft = null;
    }
  }
}

async function judge(work: () => Promise<CaseVerdict>, limitMs: number): Promise<CaseVerdict> {
  const late = Promise.withResolvers<CaseVerdict>();
  const timer = setTimeout(
    () => late.resolve({ status: "failed", error: new Error(`the case was not over after ${limitMs} ms`) }),
    limitMs,
  );
  try {
    return await Promise.race([work(), late.promise]);
  } catch (error) {
    return { status: "failed", error: error instanceof Error ? error : new Error(String(error)) };
  } finally {
    clearTimeout(timer);
  }
}

/** Cases of one area. */
export function casesOf(area: string, list: readonly Omit<ConformanceCase, "area">[]): readonly ConformanceCase[] {
  return list.map((test) => ({ area, ...test }));
}
