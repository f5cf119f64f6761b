/** The value below which a share of the samples lies. */
export function quantile(samples: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(samples).toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** p50, p95, p99, p999 and the longest, under names that end in `Ms`. */
export function quantilesMs(samplesMs: readonly number[]): Record<string, number> {
  return {
    p50Ms: quantile(samplesMs, 0.5),
    p95Ms: quantile(samplesMs, 0.95),
    p99Ms: quantile(samplesMs, 0.99),
    p999Ms: quantile(samplesMs, 0.999),
    maxMs: quantile(samplesMs, 1),
  };
}
