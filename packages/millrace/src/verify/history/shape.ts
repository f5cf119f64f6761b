import { InputError } from "../../core/errors.ts";
import { show } from "../../core/options.ts";

/** Says what is wrong with a value, by what was expected; `undefined` where nothing is. */
export type Shape = (value: unknown, where: string) => string | undefined;

/** @throws InputError that says where the value is wrong */
export function requireShape(value: unknown, shape: Shape, where: string, name: string): void {
  const problem = shape(value, name);
  if (problem !== undefined) throw new InputError("request_invalid", `${where}: ${problem}`);
}

function expecting(what: string, holds: (value: unknown) => boolean): Shape {
  return (value, where) => (holds(value) ? undefined : `${where} must be ${what}, and is ${show(value)}`);
}

export const text = expecting("a text", (value) => typeof value === "string");
export const flag = expecting("true or false", (value) => typeof value === "boolean");
export const instant = expecting("a number of microseconds", (value) => Number.isFinite(value));
export const count = expecting(
  "a whole number from 0 on",
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);
export const jobId = expecting("the id of a job", (value) => typeof value === "string" && value.startsWith("job_"));
export const time = expecting(
  "a time in ISO 8601",
  (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)),
);

export function oneOf(...words: readonly string[]): Shape {
  return expecting(`one of ${words.join(", ")}`, (value) => words.includes(value as string));
}

export function orNull(shape: Shape): Shape {
  return (value, where) => (value === null ? undefined : shape(value, where));
}

export function optional(shape: Shape): Shape {
  return (value, where) => (value === undefined ? undefined : shape(value, where));
}

export function listOf(shape: Shape): Shape {
  return (value, where) => {
    if (!Array.isArray(value)) return `${where} must be a list, and is ${show(value)}`;
    for (const [i, each] of value.entries()) {
      const problem = shape(each, `${where}[${i}]`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

/** An object with these fields. Others are left alone, so that whoever writes may keep more. */
export function objectOf(fields: Readonly<Record<string, Shape>>): Shape {
  const all = Object.entries(fields);
  return (value, where) => {
    if (typeof value !== "object" || value === null) return `${where} must be an object, and is ${show(value)}`;
    for (const [name, shape] of all) {
      const problem = shape((value as Readonly<Record<string, unknown>>)[name], `${where}.${name}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

/** An object whose shape hangs on the word in one of its fields. */
export function variantOf(field: string, variants: Readonly<Record<string, Shape>>): Shape {
  const word = oneOf(...Object.keys(variants));
  return (value, where) => {
    if (typeof value !== "object" || value === null) return `${where} must be an object, and is ${show(value)}`;
    const found = (value as Readonly<Record<string, unknown>>)[field];
    const shape = typeof found === "string" && Object.hasOwn(variants, found) ? variants[found] : undefined;
    return shape === undefined ? word(found, `${where}.${field}`) : shape(value, where);
  };
}
