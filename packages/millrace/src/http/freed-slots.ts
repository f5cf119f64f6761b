/** Somebody who would go on once the worker has a free slot. */
interface Waiter {
  readonly freed: Promise<void>;
  readonly goOn: () => void;
}

/** Tells claims that wait for a slot of their worker that there may be one. */
export class FreedSlots {
  readonly #waiters = new Map<string, Set<Waiter>>();

  /** To be asked before the slots are counted, so that none is freed unseen in between; and to be left again. */
  enter(worker: string): Waiter {
    let goOn = (): void => undefined;
    const freed = new Promise<void>((resolve) => (goOn = resolve));
    const waiter: Waiter = { freed, goOn };
    const all = this.#waiters.get(worker) ?? new Set();
    this.#waiters.set(worker, all.add(waiter));
    return waiter;
  }

  leave(worker: string, waiter: Waiter): void {
    const all = this.#waiters.get(worker);
    all?.delete(waiter);
    if (all?.size === 0) this.#waiters.delete(worker);
  }

  /** The worker has settled something. */
  tell(worker: string): void {
    this.#waiters.get(worker)?.forEach(({ goOn }) => goOn());
  }

  tellAll(): void {
    for (const worker of this.#waiters.keys()) this.tell(worker);
  }
}
