import { JOB_STATES } from "../../packages/millrace/src/core/states.ts";
import type { Schema } from "./open-api.ts";

const REF = "#/components/schemas/";

const STATES = JOB_STATES.join();

/** A schema in the words of TypeScript; what has a name of its own is told by it. */
export function schemaText(schema: Schema): string {
  const { $ref, enum: values, anyOf, oneOf, allOf, items, type } = schema;
  if ($ref !== undefined) return $ref.slice(REF.length);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (values?.join() === STATES) return "JobState";
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(" | ");
  const choices = anyOf ?? oneOf;
  if (choices !== undefined) return [...new Set(choices.map((choice) => schemaText(choice)))].join(" | ");
  if (allOf !== undefined) return allOf.map((part) => schemaText(part)).join(" & ");
  if (Array.isArray(type)) {
    return (type as readonly string[]).map((one) => schemaText({ ...schema, type: one })).join(" | ");
  }
  if (type === "array") {
    const each = items === undefined ? "JSON" : schemaText(items);
    return /[|&]/.test(each) ? `(${each})[]` : `${each}[]`;
  }
  if (type === "object") return objectText(schema);
  return plainText(schema);
}

function objectText({ properties, required = [], additionalProperties }: Schema): string {
  if (properties !== undefined) {
    const fields = Object.entries(properties).map(
      ([name, field]) => `${name}${required.includes(name) ? "" : "?"}: ${schemaText(field)}`,
    );
    return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
  }
  const values = typeof additionalProperties === "object" ? schemaText(additionalProperties) : "JSON";
  return `Record<string, ${values}>`;
}

function plainText({ type, format }: Schema): string {
  if (type === "null") return "null";
  if (format === "date-time") return "time";
  if (format === "binary") return "bytes";
  if (type === "integer" || type === "number") return "number";
  // What has no type takes any JSON value.
  return typeof type === "string" ? type : "JSON";
}
