import { isMillraceError, StoreError } from "../../core/errors.ts";
import { readEventStream, type StreamMessage } from "./event-stream.ts";
import type { Transport } from "./transport.ts";

/** The server says something every 15 s; a connection that says nothing for longer is dead. */
const SILENT_MS = 40_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

interface FollowedStream {
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  /** Go on behind the message with this id. */
  readonly after: string | null;
  readonly signal: AbortSignal | undefined;
}

/**
 * The messages of a stream, across all connections that it takes: after a cut it goes on behind the last one. Ends with
 * the signal, or when the loop over it does.
 * @throws MillraceError when the server refuses it; StoreError when it cannot be reached to begin with
 */
export async function* followStream(
  transport: Transport,
  { path, query = {}, after, signal }: FollowedStream,
): AsyncGenerator<StreamMessage> {
  let last = after;
  let hasBegun = false;
  const isOver = (): boolean => signal?.aborted === true;
  for (let failures = 0; !isOver();) {
    const connection = new Connection(signal);
    try {
      const body = await transport.open({ path, query, lastEventId: last }, connection.signal);
      hasBegun = true;
      for await (const message of readEventStream(connection.watch(body))) {
        failures = 0;
        last = message.id ?? last;
        yield message;
      }
    } catch (error) {
      if (isOver()) return;
      const isOutage = !isMillraceError(error) || error.retryable;
      if (!isOutage) throw error;
      if (!hasBegun && failures >= 3) throw outageOf(error);
    } finally {
      connection.end();
    }
    failures += 1;
    await pause(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS), signal);
  }
}

function outageOf(error: unknown): unknown {
  if (isMillraceError(error)) return error;
  return new StoreError("store_unavailable", "the server has cut the stream again and again", { cause: error });
}

/** One connection, and the alarm for one that has gone silent. */
class Connection {
  readonly #ended = new AbortController();
  readonly signal: AbortSignal;
  #timer: ReturnType<typeof setTimeout>;

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal === undefined ? this.#ended.signal : AbortSignal.any([signal, this.#ended.signal]);
    this.#timer = this.#alarm();
    // Whoever has ended it need not ask for another message, so the loop that reads may never get to `end()`.
    this.signal.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /** The body, which puts the alarm off with everything that comes, comments too. */
  watch(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const heard = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        clearTimeout(this.#timer);
        if (!this.signal.aborted) this.#timer = this.#alarm();
        controller.enqueue(chunk);
      },
    });
    return body.pipeThrough(heard);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#ended.abort();
  }

  #alarm(): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#ended.abort(), SILENT_MS);
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    // Never all clients at the same moment.
    const timer = setTimeout(end, ms * (0.5 + Math.random()));
    signal?.addEventListener("abort", end, { once: true });
  });
}
