import { isJobId } from "./job.ts";
import { nearest, show, type Problem } from "./options.ts";

/** What is wrong with a value, as a sentence that begins with `what`. */
export type Check = (value: unknown, what: string) => Problem;

export interface Field {
  readonly check: Check;
  readonly isRequired: boolean;
}

export type Fields = Readonly<Record<string, Field>>;

export const required = (check: Check): Field => ({ check, isRequired: true });
/** May be left out, or `null`. */
export const optional = (check: Check): Field => ({ check, isRequired: false });

/** Each value that is wrong, missing or nobody knows, by its sentence. */
export function fieldProblems(value: unknown, fields: Fields, what: string): readonly string[] {
  if (!isObject(value)) return [`${what} must be an object; got ${show(value)}`];
  const known = Object.keys(fields);
  const strangers = Object.keys(value).filter((name) => !known.includes(name));
  const problems = strangers.map((name) => {
    const near = nearest(name, known);
    return `${what} has a "${name}" that is not known; ${near === undefined ? `known are ${known.join(", ")}` : `did you mean "${near}"?`}`;
  });
  for (const [name, { check, isRequired }] of Object.entries(fields)) {
    const problem = isGiven(value[name])
      ? check(value[name], `${what}: "${name}"`)
      : isRequired
        ? `${what}: "${name}" is missing`
        : undefined;
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A check for what has an expectation that fits into a few words. */
function expect(expected: string, fits: (value: unknown) => boolean): Check {
  return (value, what) => (fits(value) ? undefined : `${what} must be ${expected}; got ${show(value)}`);
}

export const anyText: Check = expect("text", (value) => typeof value === "string");
export const someText: Check = expect("text that is not empty", (value) => typeof value === "string" && value !== "");
export const jobId: Check = expect(
  'the id of a job, "job_" and 26 characters',
  (value) => typeof value === "string" && isJobId(value),
);
export const instant: Check = expect(
  "an instant in whole milliseconds since 1970",
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
);
export const yesOrNo: Check = expect("true or false", (value) => typeof value === "boolean");
export const wholeNumber: Check = expect("a whole number", (value) => Number.isSafeInteger(value));
export const amount: Check = expect("a number, 0 or more", (value) => typeof value === "number" && value >= 0);
export const percentage: Check = expect(
  "a number from 0 to 100",
  (value) => typeof value === "number" && value >= 0 && value <= 100,
);

export function count(least: number): Check {
  return expect(
    `a whole number, ${least} or more`,
    (value) => Number.isSafeInteger(value) && (value as number) >= least,
  );
}

export function oneOf(words: readonly string[]): Check {
  return expect(`one of ${words.join(", ")}`, (value) => typeof value === "string" && words.includes(value));
}

/** Some of these words, in a list. */
export function someOf(words: readonly string[]): Check {
  return expect(
    `a list of words among ${words.join(", ")}`,
    (value) => Array.isArray(value) && value.every((word) => typeof word === "string" && words.includes(word)),
  );
}

export const digest: Check = expect(
  "a SHA-256 in 64 hexadecimal digits",
  (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value),
);

export const jsonText: Check = expect("JSON text", (value) => {
  if (typeof value !== "string") return false;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
});

export const tags: Check = expect(
  "an object of names with text values",
  (value) => isObject(value) && Object.entries(value).every(([name, tag]) => name !== "" && typeof tag === "string"),
);

/** An object with fields of its own; tells the first thing that is wrong with it. */
export function object(fields: Fields): Check {
  return (value, what) => fieldProblems(value, fields, what)[0];
}

/** A check of a whole object, for which there is a list of problems elsewhere. */
export function firstOf(problemsOf: (value: never, what: string) => readonly Problem[]): Check {
  return (value, what) => problemsOf(value as never, what).find((problem) => problem !== undefined);
}
