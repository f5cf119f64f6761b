import { openMillrace } from "../../packages/millrace/src/index.ts";
import { createHandler } from "../../packages/millrace/src/http/index.ts";

/** JSON Schema, as far as the server's own document uses it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

interface Body {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

export interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body>>;
}

export interface OpenApi {
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const KEY = "a-key-of-at-least-thirty-two-characters";

/** What a server of this source answers to the paths, in turn. */
async function answersOf(...paths: readonly string[]): Promise<readonly string[]> {
  const mill = await openMillrace("memory:");
  const handler = createHandler({ mill, apiKey: KEY });
  const headers = { Authorization: `Bearer ${KEY}` };
  try {
    await mill.enqueue("any");
    const texts: string[] = [];
    for (const path of paths) {
      const answer = await handler.fetch(new Request(`http://server${path}`, { headers }));
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      texts.push(await answer.text());
    }
    return texts;
  } finally {
    handler.close();
    await mill.close();
  }
}

/** The server's description of itself. */
export async function readOpenApi(): Promise<OpenApi> {
  const [text = ""] = await answersOf("/openapi.json");
  return JSON.parse(text) as OpenApi;
}

/** What the server tells Prometheus, as text. */
export async function readMetrics(): Promise<string> {
  // Of requests it tells from the second one on.
  const [, text = ""] = await answersOf("/v1/stats", "/metrics");
  return text;
}
