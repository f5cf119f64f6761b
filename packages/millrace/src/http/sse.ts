import type { Context } from "hono";
import type { Clock, Timer } from "../core/clock.ts";
import { isMillraceError, ShutdownError } from "../core/errors.ts";
import type { Logger } from "../runtime/logger.ts";
import { Refusal } from "./refusal.ts";
import { LOOK_EVERY_MS } from "./watch-key.ts";

/** What a client is told at once. One with an id alone tells it where it stands, and is no event to it. */
export interface Message {
  /** What `Last-Event-ID` brings back. */
  readonly id?: string;
  readonly event?: string;
  /** Told as JSON. */
  readonly data?: unknown;
}

/** Where the messages of a stream come from. Ends, whatever it waits for, when the signal fires. */
export type MessageSource = (signal: AbortSignal) => AsyncIterableIterator<Message>;

export interface StreamsOptions {
  /** So many are open at once. */
  readonly limit: number;
  readonly stopping: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Throws when the key that opened a stream is no longer good. */
  readonly authenticate: (header: string | undefined) => Promise<unknown>;
}

const HEADERS = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-cache, no-transform",
  // Or nginx would hold messages back until its buffer is full.
  "X-Accel-Buffering": "no",
};
const RETRY_AFTER_MS = 5_000;
/** How long a client waits before it comes back after a cut. */
const PREFACE = "retry: 1000\n\n";

const KEEP_ALIVE = ": keep-alive\n\n";
/** A client that takes nothing for so many looks is as good as gone. */
const MOST_STALLED_LOOKS = 4;

/** The streams that this server has open. */
export class Streams {
  readonly #options: StreamsOptions;
  #openCount = 0;

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  get openCount(): number {
    return this.#openCount;
  }

  /**
   * Answers with a stream of server-sent events. It ends with its source, with the client, with the server, and when
   * the key that it was opened with is no longer good. Nothing is read ahead: the next message is asked for when the
   * client has taken the last.
   * @throws Refusal `too_many_streams`, ShutdownError
   */
  answer(c: Context, source: MessageSource): Response {
    const { limit, stopping, authenticate } = this.#options;
    if (stopping.aborted) throw new ShutdownError("the server is stopping; come back when it has started again");
    if (this.#openCount >= limit) {
      const message = `${limit} streams are open, and there may be no more; close one, or come back later`;
      throw new Refusal("too_many_streams", message, RETRY_AFTER_MS);
    }
    this.#openCount += 1;
    const stream = new OpenStream({
      ...this.#options,
      source,
      gone: c.req.raw.signal,
      requireKey: () => authenticate(c.req.header("authorization")),
      onEnd: () => (this.#openCount -= 1),
    });
    return c.body(new ReadableStream(stream, { highWaterMark: 0 }), 200, HEADERS);
  }
}

interface OpenStreamOptions extends Pick<StreamsOptions, "clock" | "logger" | "stopping"> {
  readonly source: MessageSource;
  /** Fires when the client goes away. */
  readonly gone: AbortSignal;
  readonly requireKey: () => Promise<unknown>;
  readonly onEnd: () => void;
}

/** The source of one stream's bytes. */
class OpenStream {
  readonly #options: OpenStreamOptions;
  readonly #ended = new AbortController();
  readonly #messages: AsyncIterator<Message>;
  readonly #encoder = new TextEncoder();
  #hasBegun = false;
  #isWaiting = false;
  #stalledLooks = 0;
  #timer: Timer | undefined;
  #close: () => void = () => undefined;

  constructor(options: OpenStreamOptions) {
    this.#options = options;
    this.#messages = options.source(this.#ended.signal);
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#close = () => {
      if (this.#end()) controller.close();
    };
    for (const signal of this.#signals()) signal.addEventListener("abort", this.#close);
    this.#lookLater(controller);
    // Gone while it was found out whether there may be a stream.
    if (this.#signals().some((signal) => signal.aborted)) this.#close();
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#stalledLooks = 0;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      controller.enqueue(this.#encoder.encode(PREFACE));
      return;
    }
    this.#isWaiting = true;
    try {
      const next = await this.#messages.next();
      if (this.#ended.signal.aborted) return;
      if (next.done === true) this.#close();
      else controller.enqueue(this.#encoder.encode(textOf(next.value)));
    } catch (error) {
      if (!this.#end()) return;
      this.#options.logger.warn({ error }, "a stream was cut: what it tells could not be read");
      controller.error(error);
    } finally {
      this.#isWaiting = false;
    }
  }

  cancel(): void {
    this.#end();
  }

  #lookLater(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#timer = this.#options.clock.after(LOOK_EVERY_MS, () => {
      this.#lookLater(controller);
      this.#look(controller);
    });
  }

  #look(controller: ReadableStreamDefaultController<Uint8Array>): void {
    // What was said before has been taken, and there is nothing new.
    if (this.#isWaiting && controller.desiredSize === 0) {
      this.#stalledLooks = 0;
      controller.enqueue(this.#encoder.encode(KEEP_ALIVE));
    } else {
      this.#stalledLooks += 1;
      if (this.#stalledLooks >= MOST_STALLED_LOOKS) this.#close();
    }
    this.#options.requireKey().catch((error: unknown) => {
      // A store that does not answer says nothing about the key.
      if (isMillraceError(error) && error.code === "unauthenticated") this.#close();
    });
  }

  /** True the first time. */
  #end(): boolean {
    if (this.#ended.signal.aborted) return false;
    this.#timer?.cancel();
    for (const signal of this.#signals()) signal.removeEventListener("abort", this.#close);
    this.#ended.abort();
    // Its clean-up may find the store away, which is nothing to anybody any more.
    this.#messages.return?.()?.catch(() => undefined);
    this.#options.onEnd();
    return true;
  }

  #signals(): readonly AbortSignal[] {
    return [this.#options.gone, this.#options.stopping];
  }
}

function textOf({ id, event, data }: Message): string {
  const fields = [
    ...(event === undefined ? [] : [`event: ${event}`]),
    ...(id === undefined ? [] : [`id: ${id}`]),
    // JSON is one line.
    ...(data === undefined ? [] : [`data: ${JSON.stringify(data)}`]),
  ];
  return `${fields.join("\n")}\n\n`;
}
