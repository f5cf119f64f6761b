import type { JobEvent, JobEventType, JobId, Millrace } from "millrace";

interface Wish {
  readonly number: number;
  readonly types: readonly JobEventType[];
  readonly fulfil: (job: JobId) => void;
}

/** All that happens to the builds, from when it is made; for who waits for something to happen to one. */
export class Watch {
  readonly #seen: JobEvent[] = [];
  readonly #wishes = new Set<Wish>();
  readonly #over = new AbortController();

  constructor(mill: Millrace) {
    const events = mill.events({ signal: this.#over.signal });
    void (async () => {
      for await (const event of events) this.#take(event);
    })();
  }

  /** Resolves with the build when one of these has happened to it. */
  see(number: number, ...types: readonly JobEventType[]): Promise<JobId> {
    const before = this.#seen.find((event) => event.number === number && types.includes(event.type));
    if (before !== undefined) return Promise.resolve(before.job);
    return new Promise((fulfil) => void this.#wishes.add({ number, types, fulfil }));
  }

  end(): void {
    this.#over.abort();
  }

  #take(event: JobEvent): void {
    this.#seen.push(event);
    for (const wish of this.#wishes) {
      if (wish.number !== event.number || !wish.types.includes(event.type)) continue;
      this.#wishes.delete(wish);
      wish.fulfil(event.job);
    }
  }
}
