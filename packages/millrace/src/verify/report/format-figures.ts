const MS = 1_000;
const SECOND = 1_000 * MS;
const MINUTE = 60 * SECOND;

/** Microseconds as people read them: `350 µs`, `2.3 ms`, `12.4 s`, `3 min 20 s`. */
export function formatDuration(us: number): string {
  if (us === 0) return "0";
  if (us < MS) return `${Math.round(us)} µs`;
  if (us < 999_500) return `${threeDigits(us / MS)} ms`;
  if (us < 2 * MINUTE) return `${threeDigits(us / SECOND)} s`;
  const seconds = Math.round(us / SECOND);
  const rest = seconds % 60;
  return `${formatCount(Math.floor(seconds / 60))} min${rest === 0 ? "" : ` ${rest} s`}`;
}

/** `1,234,567` in every locale. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** A rate, with a digit behind the point where it is small. */
export function formatRate(rate: number): string {
  return rate < 10 ? String(Math.round(rate * 10) / 10) : formatCount(rate);
}

/** `1 job`, `2,000 jobs`. */
export function formatMany(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function threeDigits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
