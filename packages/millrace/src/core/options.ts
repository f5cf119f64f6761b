import { InputError, OptionsError } from "./errors.ts";

/**
 * Rules are asked one by one and told all at once: each check answers its sentence, or nothing.
 * `refuseOptions` and `refuseRequest` throw what was collected.
 */
export type Problem = string | undefined;

/** @throws OptionsError with every problem; what is constructed with wrong options is never constructed. */
export function refuseOptions(problems: readonly Problem[]): void {
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw new OptionsError(found);
}

/** @throws InputError `request_invalid` with every problem */
export function refuseRequest(problems: readonly Problem[]): void {
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw new InputError("request_invalid", found.join("; "), { details: { problems: found } });
}

/** A sentence for each key that is no option, with the nearest one that is. */
export function unknownKeys(given: unknown, known: readonly string[], where: string): Problem[] {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return [`${where}: options must be an object; got ${show(given)}`];
  }
  return Object.keys(given)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const near = nearest(key, known);
      const hint = near === undefined ? `known are ${known.join(", ")}` : `did you mean "${near}"?`;
      return `${where}: "${key}" is not an option; ${hint}`;
    });
}

/** The known word nearest to what was typed, if it is near enough to be meant. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.floor(typed.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const word of known) {
    const distance = editDistance(typed.toLowerCase(), word.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [word, distance];
  }
  return best;
}

/** Insertions, deletions and replacements that lead from one word to the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

const MAX_NAME_LENGTH = 200;

/** Names of kinds, queues, scopes, groups: 1 to 200 characters, no control characters, no `#`, no `/`. */
export function nameProblem(value: unknown, what: string): Problem {
  if (typeof value !== "string") return `${what} must be a name; got ${show(value)}`;
  if (value.length === 0 || value.length > MAX_NAME_LENGTH) {
    return `${what} must have 1 to ${MAX_NAME_LENGTH} characters; it has ${value.length}`;
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f#/]/.test(value)) {
    return `${what} must not contain "#", "/" or control characters; got ${show(value)}`;
  }
  return undefined;
}

/** A whole number from `least`; not given is fine. */
export function countProblem(value: unknown, what: string, least = 1): Problem {
  if (value === undefined || value === null) return undefined;
  if (Number.isSafeInteger(value) && (value as number) >= least) return undefined;
  return `${what} must be a whole number, ${least} or more; got ${show(value)}`;
}

/** A whole number of either sign; not given is fine. */
export function integerProblem(value: unknown, what: string): Problem {
  if (value === undefined || value === null || Number.isSafeInteger(value)) return undefined;
  return `${what} must be a whole number; got ${show(value)}`;
}

/** Some 24.8 days: what a timer of the platform can hold. */
export const MAX_TIMER_MS = 2_147_483_647;

/** Milliseconds; not given is fine. */
export function durationProblem(value: unknown, what: string, least = 1, most = MAX_TIMER_MS): Problem {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && value >= least && value <= most) return undefined;
  return `${what} must be milliseconds from ${least} to ${most}; got ${show(value)}`;
}

/** A duration as stores keep it: without a fraction of a millisecond. */
export function wholeMs<Ms extends number | null>(ms: Ms): Ms | number {
  return ms === null ? ms : Math.round(ms);
}

/** A list of labels or requirements, each 1 to 200 characters; not given is fine. */
export function labelsProblem(value: unknown, what: string): Problem {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return `${what} must be a list of labels; got ${show(value)}`;
  const wrong: unknown = value.find(
    (label) => typeof label !== "string" || label === "" || label.length > MAX_NAME_LENGTH,
  );
  return wrong === undefined
    ? undefined
    : `${what} holds ${show(wrong)}, which is no label of 1 to ${MAX_NAME_LENGTH} characters`;
}

/** A value as an error message shows it: short, quoted, never a surprise. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return String(value);
}

/** A copy without the properties that are `undefined`, so that they cannot hide a default. */
export function definedOnly<T extends object>(input: T): Partial<T> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Partial<T>;
}
