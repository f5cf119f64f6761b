import { expect, test } from "vitest";
import { ROUTES } from "../packages/millrace/test/http/route-table.ts";
import { httpPage } from "./docs/http-page.ts";
import { schemaText } from "./docs/schema-text.ts";

test("the reference tells of every route whose rights are tested", async () => {
  const page = await httpPage();
  for (const { route } of ROUTES) expect.soft(page).toContain(`### ${route.replaceAll("{", String.raw`\{`)}\n`);
  expect(page).toContain("_May:_ anybody, without a key.");
  expect(page).toContain("_May:_ owner, admin, member (jobs of its own).");
  expect(page).toContain("_May:_ worker (itself, with the key that it registered for).");
});

test("a schema is told in the words of TypeScript", () => {
  const name = { type: "string" } as const;
  for (const [schema, text] of [
    [{ $ref: "#/components/schemas/Job" }, "Job"],
    [{ type: ["string", "null"], format: "date-time" }, "time | null"],
    [{ enum: ["held", "lost"] }, '"held" | "lost"'],
    [{ type: "array", items: { anyOf: [name, { type: "integer" }] } }, "(string | number)[]"],
    [{ type: "object", properties: { a: name, b: {} }, required: ["a"] }, "{ a: string, b?: JSON }"],
    [{ type: "object", additionalProperties: name }, "Record<string, string>"],
    [{ const: true }, "true"],
  ] as const) {
    expect(schemaText(schema)).toBe(text);
  }
});
