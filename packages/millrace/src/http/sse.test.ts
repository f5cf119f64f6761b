import { Hono } from "hono";
import { describe, expect, it, onTestFinished } from "vitest";
import { AccessError, StoreError } from "../core/errors.ts";
import { silentLogger } from "../runtime/logger.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { Streams, type MessageSource } from "./sse.ts";

const EVERY_MS = 15_000;

interface Scene {
  readonly clock: VirtualClock;
  readonly open: () => Promise<ReadableStreamDefaultReader<Uint8Array>>;
  readonly status: (signal?: AbortSignal) => Promise<number>;
}

function aScene(source: MessageSource, authenticate: () => Promise<unknown> = () => Promise.resolve()): Scene {
  const clock = new VirtualClock();
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  const streams = new Streams({ limit: 1, stopping: stopping.signal, clock, logger: silentLogger, authenticate });
  const app = new Hono().get("/", (c) => streams.answer(c, source));
  const open = async (): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
    const reader = (await app.request("/")).body?.getReader();
    if (reader === undefined) throw new Error("there is no stream");
    return reader;
  };
  return {
    clock,
    open,
    status: async (signal) => (await app.request("/", signal === undefined ? {} : { signal })).status,
  };
}

/** Says nothing until it is ended. */
async function* silence(signal: AbortSignal): AsyncIterableIterator<never> {
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  yield* [];
}

async function textOf(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | undefined> {
  const { done, value } = await reader.read();
  return done ? undefined : new TextDecoder().decode(value);
}

describe("a stream", () => {
  it("says a comment every 15 s while there is nothing to tell", async () => {
    const { clock, open } = aScene(silence);
    const reader = await open();
    expect(await textOf(reader)).toBe("retry: 1000\n\n");
    for (let i = 0; i < 10; i++) {
      const next = textOf(reader);
      await Promise.resolve();
      clock.advance(EVERY_MS);
      expect(await next).toBe(": keep-alive\n\n");
    }
  });

  it("asks for no more than the client takes, and ends when it takes nothing for a minute", async () => {
    let told = 0;
    let isReturned = false;
    const { clock, open, status } = aScene(async function* () {
      try {
        for (;;) yield { data: ++told };
      } finally {
        isReturned = true;
      }
    });
    const reader = await open();
    await textOf(reader);
    expect(await textOf(reader)).toBe("data: 1\n\n");
    clock.advance(3 * EVERY_MS);
    expect([told, await status()]).toEqual([1, 500]);
    expect(await textOf(reader)).toBe("data: 2\n\n");
    clock.advance(4 * EVERY_MS);
    expect(await textOf(reader)).toBeUndefined();
    expect([told, isReturned, await status()]).toEqual([2, true, 200]);
  });

  it("ends when nobody ever reads it", async () => {
    const { clock, open, status } = aScene(silence);
    await open();
    expect(await status()).toBe(500);
    clock.advance(4 * EVERY_MS);
    expect(await status()).toBe(200);
  });

  it("is over before it begins when the client has gone already", async () => {
    const { status } = aScene(silence);
    expect([await status(AbortSignal.abort()), await status(AbortSignal.abort()), await status()]).toEqual([
      200, 200, 200,
    ]);
    expect(await status()).toBe(500);
  });

  it("ends when its key is no longer good, and not when the store cannot say", async () => {
    let error: Error = new StoreError("store_unavailable", "away");
    const { clock, open } = aScene(silence, () => Promise.reject(error));
    const reader = await open();
    await textOf(reader);
    const comment = textOf(reader);
    await Promise.resolve();
    clock.advance(EVERY_MS);
    expect(await comment).toBe(": keep-alive\n\n");
    error = new AccessError("unauthenticated", "revoked");
    const last = [textOf(reader), textOf(reader)];
    await Promise.resolve();
    clock.advance(EVERY_MS);
    expect(await Promise.all(last)).toEqual([": keep-alive\n\n", undefined]);
  });

  it("is cut, and counted no longer, when what it tells cannot be read", async () => {
    const { open, status } = aScene(async function* () {
      yield { id: "1" };
      throw new StoreError("store_unavailable", "away");
    });
    const reader = await open();
    await textOf(reader);
    expect(await textOf(reader)).toBe("id: 1\n\n");
    await expect(textOf(reader)).rejects.toThrow("away");
    expect(await status()).toBe(200);
  });
});
