import { nameProblem, show } from "../core/options.ts";
import { parseTimeout } from "./timeout.ts";

/** Something a script reads from its payload, or tells in its result. */
export interface ScriptField {
  readonly name: string;
  /** Marked `(required)`. Without a mark, or with `(optional)`, it may be missing. */
  readonly required: boolean;
}

/** What the comment lines at the head of a script say about it; `null` and empty where they say nothing. */
export interface ScriptHeader {
  readonly name: string | null;
  readonly description: string | null;
  readonly inputs: readonly ScriptField[];
  readonly outputs: readonly ScriptField[];
  readonly tags: readonly string[];
  readonly timeoutMs: number | null;
  /** The name of a time limit; counts where `timeoutMs` is `null`. */
  readonly taskClass: string | null;
  readonly queue: string | null;
  readonly maxAttempts: number | null;
  /** Labels a worker must have. */
  readonly requires: readonly string[];
}

export interface ParsedHeader {
  readonly header: ScriptHeader;
  /** One sentence for each value that was ignored, and why. */
  readonly warnings: readonly string[];
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Takes one value over into the header, or answers why not. */
type KeyReader = (header: Mutable<ScriptHeader>, value: string) => string | undefined;

/** The known keys, in lower case and without `_` and `-`, so that `maxAttempts` and `max_attempts` are one. */
const KEYS: Readonly<Record<string, KeyReader>> = {
  name: (header, value) => takeName(header, "name", value),
  queue: (header, value) => takeName(header, "queue", value),
  description: (header, value) => void (header.description = value === "" ? null : value),
  inputs: (header, value) => void (header.inputs = parseFields(value)),
  outputs: (header, value) => void (header.outputs = parseFields(value)),
  tags: (header, value) => void (header.tags = commaList(value)),
  requires: (header, value) => void (header.requires = commaList(value)),
  taskclass: (header, value) => void (header.taskClass = value === "" ? null : value),
  timeout: (header, value) => {
    const parsed = parseTimeout(value);
    if ("problem" in parsed) return parsed.problem;
    header.timeoutMs = parsed.timeoutMs;
    return undefined;
  },
  maxattempts: (header, value) => {
    const count = Number(value);
    if (value === "" || !Number.isSafeInteger(count) || count < 1) {
      return `maxAttempts ${show(value)} is ignored: it must be a whole number, 1 or more`;
    }
    header.maxAttempts = count;
    return undefined;
  },
};

/**
 * The header of a script: the comment lines (`#` or `//`) it begins with, as `key: value`. Any text has a header, be
 * it an empty one; nothing is thrown.
 *
 * A first line `#!` is skipped and blank lines are allowed between the comments. A comment without a colon goes on
 * with the value above it, until a blank line, an empty comment or another key; a key that is not known ends the
 * value and is passed over. The first line that is no comment ends the header. A key given twice counts the first time.
 */
export function parseScriptHeader(text: string): ParsedHeader {
  const warnings: string[] = [];
  const header: Mutable<ScriptHeader> = { ...EMPTY_HEADER };
  for (const [key, { line, parts }] of readValues(text, warnings)) {
    const problem = KEYS[key]?.(header, parts.filter((part) => part !== "").join(" "));
    if (problem !== undefined) warnings.push(`line ${line}: ${problem}`);
  }
  return { header, warnings };
}

const EMPTY_HEADER: ScriptHeader = {
  name: null,
  description: null,
  inputs: [],
  outputs: [],
  tags: [],
  timeoutMs: null,
  taskClass: null,
  queue: null,
  maxAttempts: null,
  requires: [],
};

interface RawValue {
  readonly line: number;
  readonly parts: string[];
}

function readValues(text: string, warnings: string[]): Map<string, RawValue> {
  const values = new Map<string, RawValue>();
  let open: RawValue | undefined;
  for (const [index, rawLine] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = rawLine.trim();
    if (index === 0 && line.startsWith("#!")) continue;
    const comment = commentText(line);
    if (comment === undefined && line !== "") break;
    if (comment === undefined || comment === "") {
      open = undefined;
      continue;
    }
    const colon = comment.indexOf(":");
    if (colon === -1) {
      open?.parts.push(comment);
      continue;
    }
    const key = comment.slice(0, colon).trim().toLowerCase().replaceAll(/[-_]/g, "");
    open = undefined;
    if (!Object.hasOwn(KEYS, key)) continue;
    if (values.has(key)) {
      warnings.push(`line ${index + 1}: ${show(comment.slice(0, colon).trim())} is given twice; the first one counts`);
      continue;
    }
    open = { line: index + 1, parts: [comment.slice(colon + 1).trim()] };
    values.set(key, open);
  }
  return values;
}

/** What a comment line says; `undefined` for any other line. `##` and `///` are comments too. */
function commentText(line: string): string | undefined {
  if (line.startsWith("#")) return line.replace(/^#+/, "").trim();
  if (line.startsWith("//")) return line.replace(/^\/+/, "").trim();
  return undefined;
}

function takeName(header: Mutable<ScriptHeader>, key: "name" | "queue", value: string): string | undefined {
  const problem = nameProblem(value, key);
  if (problem !== undefined) return `${key} is ignored: ${problem}`;
  header[key] = value;
  return undefined;
}

function commaList(value: string): readonly string[] {
  const parts = value.split(",").map((part) => part.trim());
  return [...new Set(parts.filter((part) => part !== ""))];
}

/** `source (required), width (optional), notes` as a list. */
function parseFields(value: string): readonly ScriptField[] {
  const fields = new Map<string, ScriptField>();
  for (const part of splitOutsideBrackets(value)) {
    const name = part.trim().replace(/[\s(].*$/s, "");
    if (name !== "" && !fields.has(name)) fields.set(name, { name, required: /\(\s*required\b/i.test(part) });
  }
  return [...fields.values()];
}

/** The parts between commas; a comma inside brackets does not part. */
function splitOutsideBrackets(value: string): readonly string[] {
  const parts: string[] = [];
  let isInside = false;
  let from = 0;
  for (let at = 0; at < value.length; at++) {
    const char = value[at];
    if (char === "(") isInside = true;
    else if (char === ")") isInside = false;
    else if (char === "," && !isInside) {
      parts.push(value.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, value.slice(from)];
}
