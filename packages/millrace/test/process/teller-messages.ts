/** What the clocks of a process show. */
export interface Told {
  readonly pid: number;
  /** Of its main thread. */
  readonly wall: number;
  /** Of another one of its threads, a moment before. */
  readonly threadWall: number;
  /** In milliseconds, on a clock that all processes of the machine share and that nobody sets. */
  readonly monotonic: number;
}

export function monotonicNow(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
