import { InputError } from "./errors.ts";
import { nearest, show } from "./options.ts";
import { COMPANION, FIELDS, recordProblems, ticketFields } from "./transfer-check.ts";
import { isObject, type Fields } from "./transfer-fields.ts";
import {
  noRecords,
  RECORD_TYPES,
  type RecordCounts,
  type RecordType,
  type Ticket,
  type TransferRecord,
} from "./transfer.ts";

/**
 * The form in which data is carried: one JSON object per line. First a header, then the records, each after those it
 * refers to, then the end with their counts, so that a file that was cut is noticed. Readers refuse what they do not
 * know: a newer writer says so by its version.
 */
const TRANSFER_VERSION = 2;

/** What may be in an export, for each version that is read. */
const TYPES_BY_VERSION = {
  1: ["queue", "counter", "schedule", "job", "attempt", "log"],
  2: RECORD_TYPES,
} as const satisfies Readonly<Record<number, readonly RecordType[]>>;

export type TransferVersion = keyof typeof TYPES_BY_VERSION;

export interface TransferHeader {
  /** When the data was as it is, by the clock of its store. */
  readonly at: number;
  /** For a progress bar; what counts is the end. */
  readonly counts: RecordCounts | null;
}

export interface TransferEnd {
  readonly counts: RecordCounts;
  /**
   * SHA-256 of the lines of each type that the version knows, in order. `null` in a file that was edited, and says so by
   * having none.
   */
  readonly digests: Readonly<Partial<Record<RecordType, string>>> | null;
}

export function headerLine({ at, counts }: TransferHeader): string {
  return JSON.stringify({ millrace: "export", version: TRANSFER_VERSION, at, ...(counts === null ? {} : { counts }) });
}

export function endLine({ counts, digests }: TransferEnd): string {
  return JSON.stringify({ type: "end", counts, ...(digests === null ? {} : { digests }) });
}

/** Always the same text for the same record: what is `null` is left out, and names come in one order. */
export function recordLine(record: TransferRecord): string {
  const fields = FIELDS[record.type];
  const start = `{"type":"${record.type}"`;
  if (record.type !== "job") return `${start}${partsOf(record, fields)}}`;
  const { companion, payload, ticket, ...facts } = record;
  const beside = companion === null ? "" : `,"companion":{${partsOf(companion, COMPANION).slice(1)}}`;
  return `${start}${partsOf(facts, fields)}${beside},${jsonPart("payload", payload)},"ticket":${ticketText(ticket)}}`;
}

function ticketText(ticket: Ticket): string {
  const fields = ticketFields(ticket);
  if (ticket.place !== "done" || ticket.result === null) return `{${partsOf(ticket, fields).slice(1)}}`;
  const { result, ...rest } = ticket;
  return `{${partsOf(rest, fields).slice(1)},${jsonPart("result", result)}}`;
}

function partsOf(value: object, fields: Fields): string {
  const values = value as Readonly<Record<string, unknown>>;
  let text = "";
  for (const name of Object.keys(fields)) {
    const part = values[name];
    if (part !== null && part !== undefined) text += `,"${name}":${JSON.stringify(part)}`;
  }
  return text;
}

/** JSON as part of the line where that brings it back as it was, else as a text. */
function jsonPart(name: "payload" | "result", json: string): string {
  return isExact(json) ? `"${name}":${json}` : `"${name}Text":${JSON.stringify(json)}`;
}

function isExact(json: string): boolean {
  try {
    return JSON.stringify(JSON.parse(json)) === json;
  } catch {
    // Nested too deeply for one of the two.
    return false;
  }
}

/** @throws InputError when the first line does not begin an export, or one of another version */
export function parseHeader(value: unknown): TransferHeader & { readonly version: TransferVersion } {
  if (!isObject(value) || value["millrace"] !== "export") {
    const expected = `{"millrace":"export","version":${TRANSFER_VERSION}, …}`;
    throw new InputError("request_invalid", `it does not begin an export of Millrace, which is ${expected}`);
  }
  const { version, at, counts } = value;
  if (!isKnownVersion(version)) {
    throw new InputError(
      "request_invalid",
      `the export is of version ${show(version)}, and this Millrace reads versions up to ${TRANSFER_VERSION}; use the Millrace that made it, or a newer one`,
    );
  }
  if (!Number.isSafeInteger(at)) {
    throw new InputError("request_invalid", `"at" must be an instant in whole milliseconds; got ${show(at)}`);
  }
  const types = TYPES_BY_VERSION[version];
  return { version, at: at as number, counts: counts === undefined ? null : countsFrom(counts, types) };
}

function isKnownVersion(version: unknown): version is TransferVersion {
  return typeof version === "number" && Object.hasOwn(TYPES_BY_VERSION, version);
}

/**
 * A record, or the end.
 * @param version of the export, as its header says
 * @throws InputError with everything that is wrong with the line
 */
export function parseRecord(
  value: unknown,
  version: TransferVersion,
): TransferRecord | { readonly type: "end"; readonly end: TransferEnd } {
  if (!isObject(value)) {
    throw new InputError("request_invalid", `each line of an export is an object; got ${show(value)}`);
  }
  const { type, ...rest } = value;
  const types: readonly RecordType[] = TYPES_BY_VERSION[version];
  if (type === "end") return { type, end: endFrom(rest, types) };
  const known = types.find((each) => each === type);
  if (known === undefined) throw new InputError("request_invalid", unknownType(type, types));
  const whole = wholeRecord(known, rest);
  const problems = recordProblems(known, whole);
  if (problems.length > 0) throw new InputError("request_invalid", problems.join("; "), { details: { problems } });
  return { type: known, ...whole } as TransferRecord;
}

function unknownType(type: unknown, types: readonly RecordType[]): string {
  const expected = `expected one of ${[...types, "end"].join(", ")}`;
  if (type === undefined) return `"type" is missing; ${expected}`;
  const near = typeof type === "string" ? nearest(type, types) : undefined;
  const hint = near === undefined ? expected : `did you mean "${near}"?`;
  return `"type" is ${show(type)}, which is no type of record; ${hint}`;
}

/** With `null` for what was left out, and JSON as a text again. */
function wholeRecord(type: RecordType, rest: JsonObject): JsonObject {
  if (type !== "job") return whole(rest, FIELDS[type]);
  const job = whole(withText(rest, "payload"), FIELDS.job);
  const { companion, ticket } = job;
  return {
    ...job,
    ...(isObject(companion) ? { companion: whole(companion, COMPANION) } : {}),
    ...(isObject(ticket) ? { ticket: whole(withText(ticket, "result"), ticketFields(ticket)) } : {}),
  };
}

function whole(value: JsonObject, fields: Fields): JsonObject {
  const blank = Object.keys(fields).filter((name) => value[name] === undefined);
  return blank.length === 0 ? value : { ...value, ...Object.fromEntries(blank.map((name) => [name, null])) };
}

function withText(object: JsonObject, name: "payload" | "result"): JsonObject {
  const { [name]: value, [`${name}Text`]: text, ...rest } = object;
  // Both would contradict each other; the check then refuses the name that it does not know.
  if (value !== undefined && text !== undefined) return object;
  if (text !== undefined) return { ...rest, [name]: text };
  return value === undefined ? rest : { ...rest, [name]: JSON.stringify(value) };
}

type JsonObject = Readonly<Record<string, unknown>>;

function endFrom({ counts, digests }: JsonObject, types: readonly RecordType[]): TransferEnd {
  if (digests === undefined) return { counts: countsFrom(counts, types), digests: null };
  const isWhole = isObject(digests) && types.every((type) => /^[0-9a-f]{64}$/.test(String(digests[type])));
  if (!isWhole) {
    const expected = `a SHA-256 for each of ${types.join(", ")}`;
    throw new InputError("request_invalid", `"digests" must have ${expected}; an export that was edited has none`);
  }
  return { counts: countsFrom(counts, types), digests };
}

function countsFrom(counts: unknown, types: readonly RecordType[]): RecordCounts {
  const found = noRecords();
  for (const type of types) {
    const count = isObject(counts) ? counts[type] : undefined;
    if (!Number.isSafeInteger(count) || (count as number) < 0) {
      throw new InputError(
        "request_invalid",
        `"counts" must say how many records there are of each of ${types.join(", ")}`,
      );
    }
    found[type] = count as number;
  }
  return found;
}
