import { InputError } from "./errors.ts";

export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue | undefined };

/** The largest payload and the largest result, as UTF-8 JSON. */
export const MAX_JSON_BYTES = 1_048_576;

/**
 * JSON text of a value, refused when it would not come back as it went in: functions, symbols, bigints, circles
 * and numbers that are not finite have no JSON. `undefined` becomes `null` at the top and is left out below, as
 * JSON does.
 * @param what names the value in the error, such as `payload`
 */
export function toJson(value: unknown, what: string): string {
  if (value === undefined || value === null) return "null";
  let text: string | undefined;
  try {
    text = JSON.stringify(value, (name, part: unknown) => refuseUnfit(part, name, what));
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError("request_invalid", `${what} has no JSON form: ${(cause as Error).message}`, { cause });
  }
  if (text === undefined) {
    throw new InputError("request_invalid", `${what} has no JSON form: it is a ${typeof value}`);
  }
  // UTF-8 needs at most three bytes for each unit, so most texts need no second count.
  if (text.length * 3 > MAX_JSON_BYTES) {
    const bytes = utf8Length(text);
    if (bytes > MAX_JSON_BYTES) {
      throw new InputError(
        "payload_too_large",
        `${what} is ${bytes} bytes of JSON; at most ${MAX_JSON_BYTES} are kept. Store large data elsewhere and pass its name`,
      );
    }
  }
  return text;
}

function refuseUnfit(part: unknown, name: string, what: string): unknown {
  const type = typeof part;
  if (type === "function" || type === "symbol" || type === "bigint") {
    throw new InputError("request_invalid", `${what} has no JSON form: ${at(name)} is a ${type}`);
  }
  if (type === "number" && !Number.isFinite(part)) {
    throw new InputError("request_invalid", `${what} has no JSON form: ${at(name)} is ${String(part)}`);
  }
  return part;
}

function at(name: string): string {
  return name === "" ? "the value" : `"${name}"`;
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
