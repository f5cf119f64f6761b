/** The present on a clock that all processes of the machine share, and that no fault moves. */
export function microseconds(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
