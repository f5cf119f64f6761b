import { ConflictError, NotFoundError } from "../core/errors.ts";
import { normalizeLabels } from "../core/lane.ts";
import type { WorkerInfo } from "../core/worker-info.ts";
import type { Kernel } from "../runtime/kernel.ts";
import { Loop } from "../runtime/loop.ts";
import { Remembered } from "./remembered.ts";
import { WORKER_KEY_MS } from "./worker-keys.ts";

/** A change that another server made is seen this late. */
const REMEMBER_MS = 1_000;
/** A worker that asks again and again is written down as seen no more often than this. */
const SEEN_EVERY_MS = 10_000;
const SWEEP_EVERY_MS = 60_000;
const MOST_SEEN = 100_000;

/** How a worker describes itself. */
interface Description {
  readonly id: string;
  readonly org: string;
  readonly name: string;
  readonly host: string | null;
  readonly pid: number | null;
  readonly labels: readonly string[];
  readonly slots: number;
  readonly queues: readonly string[] | null;
}

/**
 * Workers that are reached over HTTP. The store knows them; any server with the same store and secret serves them.
 * One is there for as long as its key would be good: 90 s after it was last heard of, it is gone.
 */
export class RemoteWorkers {
  readonly #kernel: Kernel;
  readonly #leaseMs: number;
  readonly #listed: Remembered<ReadonlyMap<string, WorkerInfo>>;
  readonly #seenAt = new Map<string, number>();
  /** Organisations by the ids of workers that registered here. */
  readonly #registered = new Map<string, string>();
  readonly #sweeper: Loop;

  constructor(kernel: Kernel, leaseMs: number, stopping: AbortSignal) {
    this.#kernel = kernel;
    this.#leaseMs = leaseMs;
    const { store, clock, random, logger } = kernel;
    const list = async (org: string): Promise<ReadonlyMap<string, WorkerInfo>> =>
      new Map((await store.workers(org)).map((worker) => [worker.id, worker]));
    this.#listed = new Remembered(list, () => clock.monotonic(), REMEMBER_MS);
    this.#sweeper = new Loop({
      clock,
      random,
      everyMs: SWEEP_EVERY_MS,
      run: () => this.#sweep(),
      onError: (error) => logger.warn({ error }, "vanished workers could not be swept; it will be tried again"),
    });
    stopping.addEventListener("abort", () => void this.#sweeper.stop(), { once: true });
    if (!stopping.aborted) this.#sweeper.start();
  }

  /** @throws ConflictError when the id is not to be had */
  async register({ id, org, labels, slots, ...rest }: Description): Promise<void> {
    const { store } = this.#kernel;
    const status = await store.registerWorker({
      ...rest,
      id,
      org,
      labels: normalizeLabels(labels),
      concurrency: slots,
      leaseMs: this.#leaseMs,
    });
    if (status === "taken") {
      // Whose it is, or that it is anybody's, is not for others.
      throw new ConflictError("state_conflict", `the id "${id}" cannot be used; choose another, or leave it out`);
    }
    this.#registered.set(id, org);
    this.#listed.forget(org);
    this.#seenAt.delete(id);
    await this.#markSeen(id);
  }

  /** The worker as it registered, and from now on heard of. @throws NotFoundError */
  async heardOf(org: string, id: string): Promise<WorkerInfo> {
    const worker = await this.#find(org, id);
    if (worker === undefined) {
      throw new NotFoundError(
        "worker_not_found",
        `there is no worker "${id}", or it was silent for too long; register it again`,
      );
    }
    await this.#markSeen(id);
    return worker;
  }

  /** Forget the worker. Answers how many jobs it gave back; none when it is not there any more. */
  async remove(org: string, id: string): Promise<number> {
    this.#listed.forget(org);
    if ((await this.#find(org, id)) === undefined) return 0;
    const released = await this.#kernel.store.removeWorker(id);
    this.#forget(id, org);
    return released;
  }

  async #find(org: string, id: string): Promise<WorkerInfo | undefined> {
    const worker = (await this.#listed.get(org)).get(id);
    if (worker !== undefined) return worker;
    // It may have come up at another server since.
    this.#listed.forget(org);
    return (await this.#listed.get(org)).get(id);
  }

  async #markSeen(id: string): Promise<void> {
    const now = this.#kernel.clock.monotonic();
    const seenAt = this.#seenAt.get(id);
    if (seenAt !== undefined && now - seenAt < SEEN_EVERY_MS) return;
    if (this.#seenAt.size >= MOST_SEEN) this.#seenAt.clear();
    this.#seenAt.set(id, now);
    try {
      await this.#kernel.store.heartbeat(id, [], WORKER_KEY_MS);
    } catch (error) {
      this.#seenAt.delete(id);
      throw error;
    }
  }

  /** What this process keeps for workers that vanished without a word. The store keeps their ids for an hour yet. */
  async #sweep(): Promise<undefined> {
    for (const org of new Set(this.#registered.values())) {
      const listed = new Set((await this.#kernel.store.workers(org)).map((worker) => worker.id));
      for (const [id, owner] of this.#registered) {
        if (owner !== org || listed.has(id)) continue;
        await this.#kernel.store.removeWorker(id);
        this.#forget(id, org);
      }
    }
    return undefined;
  }

  #forget(id: string, org: string): void {
    this.#registered.delete(id);
    this.#seenAt.delete(id);
    this.#listed.forget(org);
  }
}
