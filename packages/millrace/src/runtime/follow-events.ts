import { ShutdownError } from "../core/errors.ts";
import type { JobEvent } from "../core/event.ts";
import type { Kernel } from "./kernel.ts";

/** Should a wake-up get lost, this is how late the news can be. */
const BACKSTOP_MS = 1_000;

/** Events from a cursor on, as an endless iteration: what is past is read in pages, then news as it comes. */
export function followEvents(
  kernel: Kernel,
  options: { readonly after?: string; readonly signal?: AbortSignal },
): AsyncIterableIterator<JobEvent> {
  // "From now on" is from this call on, not from the first step of the loop over it.
  const start = options.after === undefined ? kernel.store.events(kernel.org, null, 0) : undefined;
  const cursor = start === undefined ? Promise.resolve(options.after ?? "") : start.then((page) => page.cursor);
  // Whoever never iterates never sees the failure either.
  cursor.catch(() => undefined);
  return iterate(kernel, cursor, options.signal);
}

async function* iterate(
  { store, org, clock, closing, eventReads }: Kernel,
  start: Promise<string>,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<JobEvent> {
  if (closing.aborted) throw new ShutdownError("the client is closed");
  let wake: () => void = () => undefined;
  const stopListening = store.onChange((changes) => {
    if (changes.has("events")) wake();
  });
  const ends = [closing, ...(signal === undefined ? [] : [signal])];
  const onEnd = (): void => wake();
  for (const end of ends) end.addEventListener("abort", onEnd);
  try {
    let cursor = await start;
    while (!ends.some((end) => end.aborted)) {
      const news = new Promise<void>((resolve) => (wake = resolve));
      const page = await eventReads.read(org, cursor).catch((error: unknown) => {
        // It was asked for, and the store was closed before its turn came.
        if (ends.some((end) => end.aborted)) return null;
        throw error;
      });
      if (page === null) return;
      cursor = page.cursor;
      yield* page.events;
      if (page.events.length > 0) continue;
      const backstop = clock.after(BACKSTOP_MS, () => wake(), { keepAlive: true });
      await news;
      backstop.cancel();
    }
  } finally {
    stopListening();
    for (const end of ends) end.removeEventListener("abort", onEnd);
  }
}
