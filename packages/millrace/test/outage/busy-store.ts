import type { Millrace } from "millrace";
import { until } from "../runtime/until.ts";
import { Producer } from "./producer.ts";
import { openClient } from "./road.ts";

export interface BusyStore {
  /** The client of a worker. */
  readonly mill: Millrace;
  /** The client of a producer. */
  readonly other: Millrace;
  readonly producer: Producer;
  /** Resolves when so many handlers more have run. */
  readonly more: (count: number) => Promise<void>;
}

const WORKER = { concurrency: 20, leaseMs: 2_000 } as const;

/** Jobs of the kind "work" that come and are done without end. */
export async function aBusyStore(url: string): Promise<BusyStore> {
  const [mill, other] = [await openClient(url), await openClient(url)];
  let doneCount = 0;
  await mill
    .worker(WORKER)
    .handle("work", () => void (doneCount += 1))
    .start();
  const more = (count: number): Promise<void> => {
    const goal = doneCount + count;
    return until(`${count} more are done`, () => doneCount >= goal, 60_000);
  };
  return { mill, other, producer: new Producer(other, "work"), more };
}
