import { show } from "../core/options.ts";
import { UsageError } from "./usage-error.ts";

const MS_BY_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/y;

/**
 * Milliseconds of `500ms`, `90s`, `5m`, `1.5h`, `1h30m`, `2d`.
 * @param flag names the option in the error
 * @throws UsageError naming the expected form
 */
export function parseDuration(text: string, flag: string): number {
  PART.lastIndex = 0;
  let total = 0;
  let end = 0;
  for (let part = PART.exec(text); part !== null; part = PART.exec(text)) {
    total += Number(part[1]) * (MS_BY_UNIT[part[2] ?? ""] ?? 0);
    end = PART.lastIndex;
  }
  if (end === 0 || end !== text.length || !Number.isFinite(total)) {
    throw new UsageError(`${flag}: ${show(text)} is not a duration; expected a number and a unit`, {
      validOptions: ["500ms", "90s", "5m", "2h", "1d", "1h30m"],
      ...(/^\d+$/.test(text) ? { suggestion: `${text}s for seconds, ${text}m for minutes` } : {}),
    });
  }
  return Math.round(total);
}

/** A duration for a reader: its two largest units, such as `1h 30m`, `4.2s` or `35ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1) return `${Math.max(0, ms).toFixed(2)}ms`;
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${trimZero((Math.floor(ms / 100) / 10).toFixed(1))}s`;
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
  ] as const;
  const first = units.findIndex(([, size]) => ms >= size);
  let rest = ms;
  const parts = units.slice(first, first + 2).map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? "" : `${count}${unit}`;
  });
  return parts.filter((part) => part !== "").join(" ");
}

function trimZero(text: string): string {
  return text.replace(/\.0$/, "");
}
