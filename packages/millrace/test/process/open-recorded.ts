import { appendFileSync } from "node:fs";
import { Millrace } from "millrace";
import { openStore } from "../../src/open-store.ts";
import { Kernel } from "../../src/runtime/kernel.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { systemClock, systemRandom } from "../../src/runtime/platform.ts";
import type { Entry } from "../../src/verify/history/entry.ts";
import { recordingStore } from "../../src/verify/history/recording-store.ts";

/** Open a queue whose every call is written down, each in one write, so that a killed process leaves whole lines. */
export async function openRecorded(url: string, file: string): Promise<Millrace> {
  const opened = await openStore(url);
  const store = recordingStore(opened, {
    process: `${process.pid}`,
    // One clock for all processes of the machine.
    now: () => Number(process.hrtime.bigint() / 1_000n),
    write: (entry: Entry) => appendFileSync(file, `${JSON.stringify(entry)}\n`),
  });
  const place = { host: "chaos", pid: process.pid, org: "default", logger: silentLogger };
  const kernel = new Kernel({ store, clock: systemClock, random: systemRandom, ...place });
  return new Millrace(kernel, () => opened.close());
}
