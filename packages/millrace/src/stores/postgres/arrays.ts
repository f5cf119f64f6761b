/*
 * Arrays as PostgreSQL reads them, written here rather than by the driver: a call carries thousands of elements, and
 * the driver looks at each for what it might be. They are columns of `unnest`, which fills up the shorter ones: a column
 * that says nothing about any row is an empty one.
 */

export function numberArray(values: readonly (number | null)[]): string {
  return arrayOf(values, String);
}

/** Fencing tokens; what is none is nobody's. */
export function tokenArray(tokens: readonly number[]): string {
  return numberArray(tokens.map((token) => (Number.isSafeInteger(token) ? token : null)));
}

export function booleanArray(values: readonly (boolean | null)[]): string {
  return arrayOf(values, String);
}

export function textArray(values: readonly (string | null)[]): string {
  return arrayOf(values, quote);
}

function arrayOf<T>(values: readonly (T | null)[], write: (value: T) => string): string {
  if (values.every((value) => value === null)) return "{}";
  return `{${values.map((value) => (value === null ? "NULL" : write(value))).join(",")}}`;
}

const SPECIAL = /["\\]/;
/** What JSON writes in another way than an array does. Well-formed text without it is quoted alike in both. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f]/;

function quote(text: string): string {
  // Payloads are JSON, full of quotes; nothing escapes them faster than what made them.
  if (!CONTROL.test(text) && text.isWellFormed()) return SPECIAL.test(text) ? JSON.stringify(text) : `"${text}"`;
  return `"${storable(text)
    .replaceAll("\\", String.raw`\\`)
    .replaceAll('"', String.raw`\"`)}"`;
}

/** A text column holds every character but one; where that one was, the sign for an unreadable character stands. */
export function storable(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\u{fffd}") : text;
}
