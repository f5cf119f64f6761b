import type { Clock } from "../core/clock.ts";
import type { ChangeStore } from "../core/store.ts";

type Page = Awaited<ReturnType<ChangeStore["events"]>>;

const READ_AT_ONCE = 500;

/** Reads of the events behind a cursor; those asked for in one turn of the event loop are one. */
export class EventReads {
  readonly #store: ChangeStore;
  readonly #clock: Clock;
  readonly #next = new Map<string, Promise<Page>>();

  constructor(store: ChangeStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  read(org: string, after: string): Promise<Page> {
    const name = `${after} ${org}`;
    let page = this.#next.get(name);
    if (page === undefined) {
      page = new Promise<void>((resolve) => this.#clock.nextTurn(resolve)).then(() => {
        // Whoever asks from here on may know of something that this one does not see any more.
        this.#next.delete(name);
        return this.#store.events(org, after, READ_AT_ONCE);
      });
      this.#next.set(name, page);
    }
    return page;
  }
}
