import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { matching } from "../cli/expected-text.ts";
import { aServer } from "./bench.ts";

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<
    Record<string, { readonly description?: string; readonly content?: Readonly<Record<string, unknown>> }>
  >;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: object };
}

const OPEN = ["GET /health", "GET /ready", "GET /openapi.json"];

async function readDocument(): Promise<Document> {
  const { ask } = await aServer();
  const answer = await ask("GET", "/openapi.json", undefined, null);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("application/json");
  return answer.body as Document;
}

function operationsOf({ paths }: Document): readonly (Operation & { readonly name: string; readonly path: string })[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      path,
      name: `${method.toUpperCase()} ${path}`,
    })),
  );
}

describe("GET /openapi.json", () => {
  it("is what a public validator takes for OpenAPI 3.1", async () => {
    const validator = new Validator();
    expect(await validator.validate({ ...(await readDocument()) })).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("says what it is, and how to get in", async () => {
    const document = await readDocument();
    expect(document).toMatchObject({
      openapi: "3.1.0",
      info: { title: "Millrace", version: matching(/^\d+\.\d+\.\d+$/) },
      components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
    });
    expect(document.tags.every(({ description }) => description !== undefined)).toBe(true);
  });

  it("has the routes of the server", async () => {
    const names = operationsOf(await readDocument()).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([...OPEN, "GET /metrics", "POST /v1/jobs", "POST /v1/jobs/{id}/cancel"]),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it("gives every operation a summary, tags, who may ask, and what its errors are", async () => {
    const document = await readDocument();
    const tags = document.tags.map(({ name }) => name);
    for (const { name, path, summary, tags: own = [], security, parameters = [], responses } of operationsOf(
      document,
    )) {
      const isOpen = OPEN.includes(name);
      expect.soft(summary, name).toMatch(/^[A-Z].*[^.]$/);
      expect.soft(own.length, name).toBeGreaterThan(0);
      expect.soft(tags, name).toEqual(expect.arrayContaining([...own]));
      expect.soft(security, name).toEqual(isOpen ? [] : [{ key: [] }]);
      const errors = Object.entries(responses).filter(([status]) => Number(status) >= 400);
      const statuses = errors.map(([status]) => status);
      if (isOpen) expect.soft(errors.length, name).toBeGreaterThan(0);
      else expect.soft(statuses, name).toEqual(expect.arrayContaining(["400", "401", "403", "429", "503"]));
      for (const [, { description, content = {} }] of errors) {
        expect.soft(description, name).toBeTruthy();
        expect.soft(Object.keys(content), name).toEqual(["application/problem+json"]);
      }
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      expect
        .soft(
          parameters.filter((one) => one.in === "path").map((one) => one.name),
          name,
        )
        .toEqual(named);
    }
  });
});
