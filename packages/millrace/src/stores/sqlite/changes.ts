import type { Change } from "../../core/store.ts";
import type { Session } from "./session.ts";

const ALL_CHANGES: ReadonlySet<Change> = new Set<Change>(["ready", "scheduled", "cancel", "events"]);

/** How often the file is asked whether others wrote: a read of a counter in shared memory, some microseconds. */
const LOOK_EVERY_MS = 10;

type Listener = (changes: ReadonlySet<Change>, isServed: boolean) => void;

/**
 * Wake-ups. Our own commits tell what they brought; commits of other connections are noticed by `data_version`,
 * which says that there was one and not what it was.
 */
export class Changes {
  readonly #session: Session;
  readonly #isShared: boolean;
  readonly #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | undefined;
  #version = 0;

  /** @param isShared whether other connections may write */
  constructor(session: Session, isShared: boolean) {
    this.#session = session;
    this.#isShared = isShared;
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#isShared && this.#timer === undefined) {
      this.#version = this.#dataVersion();
      this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
      this.#timer.unref();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  /** @param isServed whether it was this store that wrote, which has served those who wait in it */
  tell(changes: ReadonlySet<Change>, isServed: boolean): void {
    for (const listener of this.#listeners) listener(changes, isServed);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const version = this.#dataVersion();
    if (version === this.#version) return;
    this.#version = version;
    this.tell(ALL_CHANGES, false);
  }

  #dataVersion(): number {
    try {
      return this.#session.db.pragma("data_version", { simple: true }) as number;
    } catch {
      // A busy or failing file will say so to the next call that matters; here it means "look again".
      return -1;
    }
  }
}
