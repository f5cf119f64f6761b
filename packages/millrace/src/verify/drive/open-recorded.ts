import { hostname } from "node:os";
import { isMillraceError } from "../../core/errors.ts";
import type { Store } from "../../core/store.ts";
import { openStore } from "../../open-store.ts";
import { Kernel } from "../../runtime/kernel.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { Millrace } from "../../runtime/millrace.ts";
import { systemClock, systemRandom } from "../../runtime/platform.ts";
import type { Entry } from "../history/entry.ts";
import { recordingStore } from "../history/recording-store.ts";
import { microseconds } from "./microseconds.ts";
import { passed } from "./passed.ts";

/** Long enough for a server that starts again. */
const OPEN_LIMIT_MS = 60_000;

/**
 * Open a queue whose every call is written down.
 * @param name of this process, apart from all others of the history
 */
export async function openRecorded(
  { name, url, key }: { readonly name: string; readonly url: string; readonly key: string | null },
  write: (entry: Entry) => void,
): Promise<Millrace> {
  const opened = await openPatiently(url, key);
  const store = recordingStore(opened, { process: name, now: microseconds, write });
  const place = { host: hostname(), pid: process.pid, org: store.org ?? "default", logger: silentLogger };
  const kernel = new Kernel({ store, clock: systemClock, random: systemRandom, ...place });
  return new Millrace(kernel, () => opened.close());
}

/** A store may be away while its process starts. */
async function openPatiently(url: string, key: string | null): Promise<Store> {
  const endAt = performance.now() + OPEN_LIMIT_MS;
  for (;;) {
    try {
      return await openStore(url, key === null ? {} : { key });
    } catch (error) {
      if (!isMillraceError(error) || !error.retryable || performance.now() > endAt) throw error;
      await passed(200);
    }
  }
}
