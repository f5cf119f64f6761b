import type { FaultName } from "../faults/fault.ts";
import type { VerifyOptions } from "./verify-options.ts";
import { resolveVerifyOptions } from "./verify-options.ts";
import type { VerifyOutcome } from "./verify-outcome.ts";
import { verifyStore } from "./verify-store.ts";

/** The smallest drive that still showed a broken guarantee. */
export interface ShrunkDrive {
  readonly workers: number;
  readonly jobs: number;
  readonly seconds: number;
  readonly faults: readonly FaultName[];
  /** Drives that were tried. */
  readonly tries: number;
  readonly outcome: VerifyOutcome;
}

type Size = Pick<ShrunkDrive, "workers" | "jobs" | "seconds" | "faults">;

const MOST_TRIES = 12;

/**
 * Drive again with the same seed and with less of everything, as long as one of the guarantees that were broken still is.
 * What processes do is up to the machine as well, so a smaller drive may fail to show what is there.
 * @param drive runs one
 * @returns `null` when none of them showed it
 */
export async function shrinkDrive(
  input: VerifyOptions,
  found: VerifyOutcome,
  drive = verifyStore,
): Promise<ShrunkDrive | null> {
  const { report: _, ...options } = input;
  const wanted = new Set(found.violations.map(({ guarantee }) => guarantee));
  let size: Size = sizeOf(input, found);
  let best: Omit<ShrunkDrive, "tries"> | null = null;
  let tries = 0;
  for (const reduce of REDUCTIONS) {
    let candidates = reduce(size);
    while (candidates.length > 0 && tries < MOST_TRIES && input.signal?.aborted !== true) {
      const [candidate, ...others] = candidates as [Size, ...Size[]];
      tries += 1;
      const outcome = await drive({ ...options, ...candidate, seed: found.seed });
      const isShown = outcome.violations.some(({ guarantee }) => wanted.has(guarantee));
      if (isShown) {
        size = candidate;
        best = { ...candidate, outcome };
      }
      candidates = isShown ? reduce(size) : others;
    }
  }
  return best === null ? null : { ...best, tries };
}

function sizeOf(input: VerifyOptions, { figures }: VerifyOutcome): Size {
  const { workers, jobs, seconds, faults } = resolveVerifyOptions(input);
  return {
    workers,
    faults,
    jobs: Math.min(jobs, figures.jobs || jobs),
    seconds: Math.ceil(Math.min(seconds, figures.seconds.driving)),
  };
}

/** Each makes one thing less, the most telling first, as long as it shows what was found. */
const REDUCTIONS: readonly ((size: Size) => readonly Size[])[] = [
  ({ faults, ...size }) => {
    const single = faults.length > 1 ? faults.map((fault) => ({ ...size, faults: [fault] })) : [];
    return faults.length === 0 ? [] : [{ ...size, faults: [] }, ...single];
  },
  (size) => (size.jobs > 20 ? [{ ...size, jobs: Math.ceil(size.jobs / 4) }] : []),
  (size) => (size.seconds > 2 ? [{ ...size, seconds: Math.ceil(size.seconds / 3) }] : []),
  (size) => (size.workers > 2 ? [{ ...size, workers: Math.ceil(size.workers / 3) }] : []),
];
