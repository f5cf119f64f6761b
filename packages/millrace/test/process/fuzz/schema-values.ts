import * as fc from "fast-check";
import { malicious, maliciousNumber, maliciousText } from "./malice.ts";

/** A JSON schema as OpenAPI 3.1 writes it, as far as it says what may be sent. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly example?: unknown;
}

/** What the server has said before, by the name of the field: ids, tokens and cursors that it knows. */
export type Heard = (name: string) => unknown;

/** Years of four digits; others are for malice. */
const YEARS = { min: new Date("1900-01-01"), max: new Date("2300-01-01") };

/** Makes values that a schema allows and, where there is malice, now and then such as it does not. */
export class SchemaValues {
  readonly #components: Readonly<Record<string, Schema>>;
  readonly #heard: Heard;
  readonly #malice: 0 | 1;

  constructor(components: Readonly<Record<string, Schema>>, heard: Heard, malice: 0 | 1) {
    this.#components = components;
    this.#heard = heard;
    this.#malice = malice;
  }

  /** @param name of the field, for which something may have been heard */
  value(schema: Schema, name = "", depth = 0): fc.Arbitrary<unknown> {
    const known = fc.tuple(this.#allowed(schema, name, depth), fc.boolean()).map(([made, isKnown]) => {
      const said = isKnown ? this.#heard(name) : undefined;
      return fits(said, schema) ? said : made;
    });
    // One wrong field in most requests: of several only the first would be found.
    return fc.oneof(
      { weight: 30, arbitrary: known },
      { weight: this.#malice, arbitrary: malicious },
      { weight: 2 * this.#malice, arbitrary: schema.type === "string" ? maliciousText : maliciousNumber },
    );
  }

  #allowed(schema: Schema, name: string, depth: number): fc.Arbitrary<unknown> {
    if (schema.$ref !== undefined) {
      const found = this.#components[schema.$ref.split("/").at(-1) ?? ""];
      return found === undefined || depth > 8 ? malicious : this.#allowed(found, name, depth + 1);
    }
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return fc.oneof(...choices.map((each) => this.#allowed(each, name, depth + 1)));
    if (schema.allOf !== undefined) {
      return fc
        .tuple(...schema.allOf.map((each) => this.#allowed(each, name, depth + 1)))
        .map((parts) => Object.assign({}, ...parts) as unknown);
    }
    const types = Array.isArray(schema.type) ? (schema.type as readonly string[]) : [schema.type as string | undefined];
    return fc.oneof(...types.map((type) => this.#ofType(type, schema, depth)));
  }

  #ofType(type: string | undefined, schema: Schema, depth: number): fc.Arbitrary<unknown> {
    switch (type) {
      case "string":
        return this.#text(schema);
      case "integer":
      case "number":
        return fc.integer({ min: bound(schema.minimum, -10), max: bound(schema.maximum, 1_000) });
      case "boolean":
        return fc.boolean();
      case "null":
        return fc.constant(null);
      case "array":
        return fc.array(this.value(schema.items ?? {}, "", depth + 1), { maxLength: 4 });
      case "object":
        return this.#object(schema, depth);
      case undefined:
      default:
        return fc.jsonValue();
    }
  }

  #text({ format, pattern, example, minLength = 0, maxLength = 30 }: Schema): fc.Arbitrary<unknown> {
    if (format === "date-time") return fc.date({ ...YEARS, noInvalidDate: true }).map((date) => date.toISOString());
    const most = Math.max(minLength, Math.min(maxLength, 30));
    const plain = fc.string({ minLength, maxLength: most });
    const usual = [
      ...(typeof example === "string" ? [fc.constant(example)] : []),
      // Of looking ahead and behind nothing can be made.
      ...(pattern === undefined || /\(\?[=!<]/.test(pattern) ? [] : [fc.stringMatching(new RegExp(pattern))]),
    ];
    return fc.oneof(
      { weight: 3, arbitrary: usual.length > 0 ? fc.oneof(...usual) : plain },
      { weight: 1, arbitrary: plain },
      { weight: 1, arbitrary: fc.constantFrom("default", "bench", "0 * * * *", "UTC") },
    );
  }

  #object({ properties = {}, required = [], additionalProperties }: Schema, depth: number): fc.Arbitrary<unknown> {
    if (depth > 8) return fc.constant({});
    const fields = Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => [name, this.value(schema, name, depth + 1)]),
    );
    const names = Object.keys(fields);
    // Few of those that may be left out, or some two of them would always contradict each other.
    const usual = fc
      .tuple(fc.record(fields), fc.subarray(names, { maxLength: Math.min(3, names.length) }))
      .map(([all, chosen]) =>
        Object.fromEntries(Object.entries(all).filter(([name]) => required.includes(name) || chosen.includes(name))),
      );
    if (typeof additionalProperties === "object") {
      return fc.dictionary(
        fc.string({ minLength: 1, maxLength: 10 }),
        this.value(additionalProperties, "", depth + 1),
        {
          maxKeys: 4,
        },
      );
    }
    const stray = fc.record({ ...fields, unknown: malicious }, { requiredKeys: [] });
    return fc.oneof({ weight: 6, arbitrary: usual }, { weight: this.#malice, arbitrary: stray });
  }
}

function bound(value: number | undefined, otherwise: number): number {
  return Math.max(-1_000_000, Math.min(1_000_000, Math.trunc(value ?? otherwise)));
}

function fits(said: unknown, { type, pattern, format }: Schema): boolean {
  if (format === "date-time" || typeof said !== (type === "integer" ? "number" : type)) return false;
  return pattern === undefined || new RegExp(pattern).test(String(said));
}
