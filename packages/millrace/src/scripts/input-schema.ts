import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { ScriptField } from "./header.ts";

/** The inputs of a header as a schema: what is marked `(required)` must be there, and nothing is said about the rest. */
export function inputSchema(inputs: readonly ScriptField[]): StandardSchemaV1<unknown, unknown> {
  const required = inputs.filter((input) => input.required).map(({ name }) => name);
  return {
    "~standard": {
      version: 1,
      vendor: "millrace",
      validate(payload) {
        const missing = required.filter((name) => !hasField(payload, name));
        if (missing.length === 0) return { value: payload };
        return { issues: missing.map((name) => ({ message: "is required", path: [name] })) };
      },
    },
  };
}

function hasField(payload: unknown, name: string): boolean {
  if (typeof payload !== "object" || payload === null || !Object.hasOwn(payload, name)) return false;
  const value = (payload as Readonly<Record<string, unknown>>)[name];
  return value !== undefined && value !== null;
}
