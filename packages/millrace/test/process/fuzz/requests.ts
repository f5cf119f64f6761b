import * as fc from "fast-check";
import { maliciousText, malicious } from "./malice.ts";
import { SchemaValues, type Heard, type Schema } from "./schema-values.ts";

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** A request as it is sent, and as a failure prints it. */
export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

type Texts = Readonly<Partial<Record<string, string>>>;

const BROKEN_JSON = [
  "{",
  "[1,",
  '{"kind":',
  "{'kind':'x'}",
  "\ufeff{}",
  "nul",
  '{"a":1}{"b":2}',
  "[".repeat(100_000),
  "1".repeat(5_000),
];
const TYPES = [
  "text/plain",
  "application/json; charset=utf-16",
  "multipart/form-data; boundary=x",
  "application/xml",
  "",
];

/** Requests to every operation of the document: as many as it says as others, in which something or all is wrong. */
export function requestsTo(document: OpenApi, heard: Heard): fc.Arbitrary<FuzzRequest> {
  const { schemas = {} } = document.components;
  const operations = ([0, 1] as const).flatMap((malice) => {
    const values = new SchemaValues(schemas, heard, malice);
    return Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => {
        // Where more can be said, more can go wrong.
        const weight = operation.requestBody === undefined ? 1 : 4;
        return [weight, requestTo(values, malice, method.toUpperCase(), path, operation)] as const;
      }),
    );
  });
  return fc.oneof(...operations.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

function requestTo(
  values: SchemaValues,
  malice: 0 | 1,
  method: string,
  path: string,
  { parameters = [], requestBody }: Operation,
): fc.Arbitrary<FuzzRequest> {
  /** What ids of the path name: jobs, workers, keys. */
  const kind = /^\/v1\/(\w+?)s\//.exec(path)?.[1] ?? "";
  const field = ({ name, schema }: Parameter): fc.Arbitrary<string> =>
    fc.oneof(
      { weight: 8, arbitrary: values.value(schema, name === "id" ? kind : name).map((value) => asText(value)) },
      { weight: malice, arbitrary: maliciousText },
    );
  const within = (place: Parameter["in"]): fc.Arbitrary<Partial<Record<string, string>>> =>
    fc.record(
      Object.fromEntries(parameters.filter((each) => each.in === place).map((each) => [each.name, field(each)])),
      place === "path" ? {} : { requiredKeys: [] },
    );
  const json = requestBody?.content["application/json"]?.schema;
  const other = Object.keys(requestBody?.content ?? {}).find((type) => type !== "application/json");
  const body: fc.Arbitrary<FuzzRequest["body"]> =
    json === undefined
      ? other === undefined
        ? fc.constant(null)
        : fc.oneof(fc.uint8Array({ maxLength: 5_000 }), fc.constant(null))
      : fc.oneof(
          { weight: 12, arbitrary: values.value(json).map((value) => JSON.stringify(value)) },
          { weight: malice, arbitrary: malicious.map((value) => JSON.stringify(value)) },
          { weight: malice, arbitrary: fc.constantFrom(...BROKEN_JSON) },
          { weight: malice, arbitrary: fc.uint8Array({ maxLength: 200 }) },
          { weight: malice, arbitrary: fc.constant(null) },
        );
  const usualType = json === undefined ? (other ?? "") : "application/json";
  const type = fc.oneof(
    { weight: 20, arbitrary: fc.constant(usualType) },
    { weight: malice, arbitrary: fc.constantFrom(...TYPES) },
  );
  const extra = fc.dictionary(maliciousText, maliciousText, { maxKeys: 2 });
  return fc
    .tuple(
      within("path"),
      within("query"),
      within("header"),
      body,
      type,
      malice === 0 ? fc.constant({}) : fc.option(extra, { freq: 10, nil: {} }),
    )
    .map(([places, query, headers, sent, contentType, strayQuery]) => ({
      method,
      path: pathOf(path, places, { ...query, ...strayQuery }),
      headers: {
        ...fitHeaders(headers),
        ...(sent === null || contentType === "" ? {} : { "content-type": contentType }),
      },
      body: sent,
    }));
}

function pathOf(path: string, places: Texts, query: Texts): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encode(places[name] ?? name) || "%20");
  const pairs = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value ?? "")}`);
  return pairs.length === 0 ? filled : `${filled}?${pairs.join("&")}`;
}

/** As `encodeURIComponent`, also of what is no text; short enough for a line of a request. */
function encode(text: string): string {
  const encoded = encodeURIComponent(text.slice(0, 2_000).toWellFormed());
  // A client that normalises paths would send something else.
  return encoded === "." || encoded === ".." ? encoded.replaceAll(".", "%2e") : encoded;
}

/** What a client can send at all. */
function fitHeaders(headers: Texts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      (value ?? "")
        .replaceAll(/[^\t\u0020-\u007e\u0080-\u00ff]/g, "")
        .slice(0, 2_000)
        .trim(),
    ]),
  );
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
