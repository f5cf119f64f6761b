import type { Clock, Timer } from "../core/clock.ts";
import { isMillraceError } from "../core/errors.ts";

/** How often is looked whether the key is still good with which something was opened that stays open. */
export const LOOK_EVERY_MS = 15_000;

/**
 * Look now and then whether a key is still good, and call `onLost` once when it is not. A store that does not answer says
 * nothing about the key. Answers a function that ends it.
 */
function watchKey(clock: Clock, requireKey: () => Promise<unknown>, onLost: () => void): () => void {
  let timer: Timer | undefined;
  let isOver = false;
  const look = (): void => {
    timer = clock.after(LOOK_EVERY_MS, look);
    requireKey().catch((error: unknown) => {
      if (isOver || !isMillraceError(error) || error.code !== "unauthenticated") return;
      end();
      onLost();
    });
  };
  const end = (): void => {
    isOver = true;
    timer?.cancel();
  };
  timer = clock.after(LOOK_EVERY_MS, look);
  return end;
}

interface Caller {
  readonly clock: Clock;
  /** Fires when the client goes away. */
  readonly gone: AbortSignal;
  /** Throws when the key is no longer good; left out where no key can be revoked. */
  readonly requireKey: (() => Promise<void>) | undefined;
}

/**
 * Wait for something, with a signal that fires when the client has gone or its key is no longer good. Whatever came
 * meanwhile is for those alone who may have it still.
 * @throws what `requireKey` throws
 */
export async function waitUnderKey<T>(
  { clock, gone, requireKey }: Caller,
  wait: (gone: AbortSignal) => Promise<T>,
): Promise<T> {
  if (requireKey === undefined) return wait(gone);
  const lost = new AbortController();
  const stopWatching = watchKey(clock, requireKey, () => lost.abort());
  try {
    const found = await wait(AbortSignal.any([gone, lost.signal]));
    await requireKey();
    return found;
  } finally {
    stopWatching();
  }
}
