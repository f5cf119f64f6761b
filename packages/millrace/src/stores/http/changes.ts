import { isMillraceError } from "../../core/errors.ts";
import type { Change } from "../../core/store.ts";
import type { MillraceClient } from "../../http/api/client.ts";

type Listener = (changes: ReadonlySet<Change>, isServed: boolean) => void;

/** Whoever wants to hear of events asks for them again before this is over. */
const WANTED_MS = 5_000;
/** Events that come together are told of once. */
const TELL_AFTER_MS = 20;

/**
 * Wake-ups. Of tickets the server tells claims that wait, of cancels the watch of each worker. Of events it tells by its
 * stream, which is open while somebody waits for jobs or follows events, and the key may read it; whoever waits looks by
 * themselves every now and then, so that without a stream the news is only later.
 */
export class Changes {
  readonly #client: MillraceClient;
  readonly #listeners = new Set<Listener>();
  #stream: AbortController | undefined;
  #wantedUntil = 0;
  #watch: ReturnType<typeof setInterval> | undefined;
  #tellTimer: ReturnType<typeof setTimeout> | undefined;
  #isForbidden = false;
  #isClosed = false;

  constructor(client: MillraceClient) {
    this.#client = client;
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(change: Change): void {
    for (const listener of this.#listeners) listener(new Set([change]), false);
  }

  /** Somebody wants to hear of events. */
  wantEvents(): void {
    this.#wantedUntil = performance.now() + WANTED_MS;
    if (this.#stream !== undefined || this.#isForbidden || this.#isClosed || this.#listeners.size === 0) return;
    const stream = new AbortController();
    this.#stream = stream;
    this.#watch = setInterval(() => {
      if (performance.now() > this.#wantedUntil) stream.abort();
    }, WANTED_MS / 5);
    this.#watch.unref?.();
    void this.#follow(stream);
  }

  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#stream?.abort();
  }

  async #follow(stream: AbortController): Promise<void> {
    try {
      for await (const _ of this.#client.events({ signal: stream.signal })) this.#tellSoon();
    } catch (error) {
      // Any other failure is an outage; the next one who wants to hear tries again.
      this.#isForbidden = isMillraceError(error) && error.code === "forbidden";
    } finally {
      clearInterval(this.#watch);
      clearTimeout(this.#tellTimer);
      this.#tellTimer = undefined;
      this.#stream = undefined;
    }
  }

  #tellSoon(): void {
    this.#tellTimer ??= setTimeout(() => {
      this.#tellTimer = undefined;
      this.tell("events");
    }, TELL_AFTER_MS);
  }
}
