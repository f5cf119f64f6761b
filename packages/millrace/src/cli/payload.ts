import { createReadStream } from "node:fs";
import { MAX_JSON_BYTES, toJson, type JsonValue } from "../core/json.ts";
import { show } from "../core/options.ts";
import { locateJsonFault } from "./json-location.ts";
import { UsageError } from "./usage-error.ts";

/** Room for indentation around the largest payload. Reading stops there, so that a device cannot fill the memory. */
const READ_LIMIT = 8 * MAX_JSON_BYTES;

/**
 * The payload that an argument stands for: JSON itself, `@file`, or `-` for standard input. Not given, it is `null`.
 * @throws UsageError saying where the JSON is wrong, or why it could not be read
 * @throws InputError when no store would keep it, such as for its size
 */
export async function readPayload(argument: string | undefined): Promise<JsonValue> {
  const payload = await readArgument(argument);
  toJson(payload, "the payload");
  return payload;
}

async function readArgument(argument: string | undefined): Promise<JsonValue> {
  if (argument === undefined) return null;
  if (argument === "-") return parseJson(await readAll(process.stdin, "standard input"), "standard input");
  if (!argument.startsWith("@")) return parseJson(argument, "the payload");
  const file = argument.slice(1);
  if (file === "") throw new UsageError('the payload "@" names no file', { suggestion: "@job.json reads job.json" });
  return parseJson(await readAll(createReadStream(file), file), file);
}

async function readAll(stream: NodeJS.ReadableStream, name: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > READ_LIMIT) break;
      chunks.push(bytes);
    }
  } catch (error) {
    throw new UsageError(`the payload cannot be read from ${name}: ${reasonOf(error)}`);
  }
  if (size > READ_LIMIT) {
    throw new UsageError(
      `the payload in ${name} is larger than ${READ_LIMIT} bytes; at most ${MAX_JSON_BYTES} are kept`,
      {
        suggestion: "store large data elsewhere and pass its name",
      },
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new UsageError(`the payload in ${name} is not UTF-8 text`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
};

/** Why the system refused, without its jargon where we know better. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ""] ?? message;
}

/** @throws UsageError saying where `text` is not JSON */
export function parseJson(text: string, name: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    const fault = locateJsonFault(text);
    const place = fault === null ? "" : ` at line ${fault.line}, column ${fault.column}`;
    const why = fault === null ? "" : `: found ${fault.found}, expected ${fault.expected}`;
    const suggestion = suggestionFor(text);
    throw new UsageError(`${name} is not JSON${place}${why}`, suggestion === null ? {} : { suggestion });
  }
}

function suggestionFor(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === "") return "leave it out for no payload, or write {} for an empty one";
  if (/^\{\s*'/.test(trimmed) || /^\{\s*\w+\s*:/.test(trimmed)) {
    return `JSON wants double quotes, and the shell single ones around them: '{"name": "value"}'`;
  }
  if (/^[A-Za-z][^{}[\]":]*$/.test(trimmed)) return `a text is written in both quotes: '${show(trimmed)}'`;
  return null;
}
