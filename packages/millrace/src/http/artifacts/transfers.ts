import { ShutdownError } from "../../core/errors.ts";
import { Refusal } from "../refusal.ts";

const RETRY_AFTER_MS = 5_000;

/** Counts what is on its way, so that a crowd cannot take all files that a process may have open. */
export class Transfers {
  readonly #limit: number;
  readonly #stopping: AbortSignal;
  #count = 0;

  constructor(limit: number, stopping: AbortSignal) {
    this.#limit = limit;
    this.#stopping = stopping;
  }

  /** Answers a function that says it is over; safe to call twice. @throws Refusal `too_many_streams`, ShutdownError */
  begin(): () => void {
    if (this.#stopping.aborted) throw new ShutdownError("the server is stopping; come back when it has started again");
    if (this.#count >= this.#limit) {
      const message = `${this.#limit} artifacts are on their way, and there may be no more; come back later`;
      throw new Refusal("too_many_streams", message, RETRY_AFTER_MS);
    }
    this.#count += 1;
    let isOver = false;
    return () => {
      if (!isOver) this.#count -= 1;
      isOver = true;
    };
  }
}

/**
 * The same bytes, so many and no fewer: a stream that ends early breaks off, for its reader would wait for the rest.
 * @param onEnd is called once, however it ends
 */
export function wholeStream(
  source: ReadableStream<Uint8Array>,
  size: number,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let left = size;
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            left -= value.byteLength;
            controller.enqueue(value);
            return;
          }
          if (left !== 0)
            throw new Error(`${Math.abs(left)} bytes of an artifact are ${left > 0 ? "missing" : "too many"}`);
          onEnd();
          controller.close();
        } catch (error) {
          onEnd();
          controller.error(error);
        }
      },
      async cancel(reason) {
        onEnd();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
