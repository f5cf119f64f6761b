import { createHistogram } from "node:perf_hooks";

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** Shares of all samples, and the names under which the value is given below which they lie. */
const SHARES = { p50Ms: 50, p90Ms: 90, p95Ms: 95, p99Ms: 99, p999Ms: 99.9, maxMs: 100 } as const;

const NS = 1_000_000;
const LONGEST_NS = 3_600_000 * NS;

/** p50, p90, p95, p99, p999 and the longest, from an HDR histogram of three digits; `NaN` where there are no samples. */
export function quantilesMs(samplesMs: readonly number[]): Record<keyof typeof SHARES, number> {
  const histogram = createHistogram({ lowest: 1, highest: LONGEST_NS, figures: 3 });
  for (const ms of samplesMs) histogram.record(Math.min(LONGEST_NS, Math.max(1, Math.round(ms * NS))));
  const valueAt = (percent: number): number =>
    samplesMs.length === 0 ? Number.NaN : histogram.percentile(percent) / NS;
  const entries = Object.entries(SHARES).map(([name, percent]) => [name, valueAt(percent)]);
  return Object.fromEntries(entries) as Record<keyof typeof SHARES, number>;
}
