import { Client } from "pg";
import { isMillraceError, StoreError } from "../../../src/core/errors.ts";
import type { Store } from "../../../src/core/store.ts";
import type { Wrap } from "../../stores/mutants/mutant.ts";

/** Bugs in how long a call may take, and in what it says when it gives up. */

type Asked = "enqueue" | "claim" | "heartbeat" | "settle" | "cancel" | "rescue" | "promote";
const ASKED: readonly Asked[] = ["enqueue", "claim", "heartbeat", "settle", "cancel", "rescue", "promote"];

type Ask = () => Promise<unknown>;

/** The same store, with something around each call. */
function around(sound: Store, each: (ask: Ask) => Promise<unknown>): Store {
  const calls = ASKED.map((name) => {
    const ask = sound[name] as (...given: unknown[]) => Promise<unknown>;
    return [name, (...given: unknown[]) => each(() => ask.apply(sound, given))];
  });
  return { ...sound, ...(Object.fromEntries(calls) as Partial<Store>) };
}

const isPassing = (error: unknown): boolean => isMillraceError(error) && error.retryable;

/** Whoever holds a lock is waited for, for as long as it takes. */
export const waitsForEver: Wrap = (sound) =>
  around(sound, async (ask) => {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!isPassing(error)) throw error;
      }
    }
  });

/** What the driver said, as it said it. */
export const saysWhatTheDriverSaid: Wrap = (sound) =>
  around(sound, async (ask) => {
    try {
      return await ask();
    } catch (error) {
      if (!isPassing(error) || !(error instanceof Error)) throw error;
      throw error.cause instanceof Error ? error.cause : new TypeError(error.message);
    }
  });

/** Every call begins with a look through one connection, which is made once and never again. */
export const diesWithItsConnection: Wrap = (sound, url) => {
  const address = new URL(url);
  address.searchParams.delete("schema");
  const client = new Client({ connectionString: address.href, application_name: "millrace" });
  client.on("error", () => undefined);
  const connected = client.connect();
  const store = around(sound, async (ask) => {
    try {
      await connected;
      await client.query("SELECT 1");
    } catch (error) {
      throw new StoreError("store_unavailable", "the connection is gone", { cause: error });
    }
    return ask();
  });
  return {
    ...store,
    async close() {
      await sound.close();
      await client.end().catch(() => undefined);
    },
  };
};
