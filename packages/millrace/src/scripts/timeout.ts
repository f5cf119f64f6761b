import { MAX_TIMER_MS, show } from "../core/options.ts";

/** How long a script may run when neither it nor its class says. */
export const DEFAULT_SCRIPT_TIMEOUT_MS = 300_000;

/** Named time limits that a header may pick with `task_class`. */
export const TIMEOUT_CLASSES: Readonly<Record<string, number>> = {
  FAST_SCRIPT: 120_000,
  MEDIUM_SCRIPT: 600_000,
  LLM_LITE: 480_000,
  LLM_HEAVY: 1_200_000,
};

const UNITS: Readonly<Record<string, number>> = { "": 1_000, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds, or the sentence that says why it is no time limit. */
export type ParsedTimeout = { readonly timeoutMs: number } | { readonly problem: string };

/** A time limit as a header writes it: seconds, or a number with a unit such as `90s`, `5m`, `2h`. */
export function parseTimeout(text: string): ParsedTimeout {
  const match = /^([+-]?\d{1,15}(?:\.\d{1,9})?)\s*([smh]?)$/i.exec(text.trim());
  const unitMs = UNITS[match?.[2]?.toLowerCase() ?? ""];
  if (match?.[1] === undefined || unitMs === undefined) {
    return { problem: `timeout ${show(text)} is ignored: it is not a number of seconds, nor like 90s, 5m or 2h` };
  }
  const timeoutMs = Math.round(Number(match[1]) * unitMs);
  if (timeoutMs <= 0) return { problem: `timeout ${show(text)} is ignored: it must be more than 0` };
  if (timeoutMs > MAX_TIMER_MS) {
    return { problem: `timeout ${show(text)} is ignored: the longest is ${Math.floor(MAX_TIMER_MS / 3_600_000)}h` };
  }
  return { timeoutMs };
}
