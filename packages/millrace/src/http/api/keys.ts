import { createRoute, z } from "@hono/zod-openapi";
import { ROLES } from "../../core/role.ts";
import { json, jsonBody, KEYED, problems } from "./answers.ts";
import { Instant, PlainName } from "./fields.ts";

/** So that a key which is pasted where its id belongs is not taken for one, nor repeated. */
const KEY_ID = /^key_[0-9a-z]{26}$/;

const KeyId = z
  .string()
  .regex(KEY_ID, "must be the id of a key: `key_` and 26 characters")
  .openapi({ description: "`key_` and 26 characters", example: "key_01k0c9m2w8x7q5v3r1t4y6p8n0" });

const OrgField = PlainName.openapi({
  description: "Another organisation than that of the caller; only `MILLRACE_API_KEY` may name one",
  example: "acme",
});

const KeySchema = z
  .object({
    id: KeyId,
    org: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    createdBy: z.string().nullable(),
    createdAt: Instant,
    revokedAt: Instant.nullable().openapi({ description: "From then on it opens nothing" }),
  })
  .openapi("Key");

const tags = ["Keys"];
const InOrg = z.object({ org: OrgField.optional() });

export const createKey = createRoute({
  method: "post",
  path: "/v1/keys",
  summary: "Make a key",
  description:
    "The answer holds the key, and nothing else ever does: the server keeps its SHA-256. What is done with it is written down under its name, so give each its own. An admin cannot make the key of an owner.",
  tags,
  ...KEYED,
  request: {
    body: jsonBody(z.strictObject({ name: PlainName, role: z.enum(ROLES), org: OrgField.optional() })),
  },
  responses: {
    201: json(
      KeySchema.extend({
        key: z.string().openapi({ description: "Shown this once: `mr_` and 49 letters and digits" }),
      }),
      "It opens from now on",
    ),
    ...problems(413, 415),
  },
});

export const listKeys = createRoute({
  method: "get",
  path: "/v1/keys",
  summary: "List the keys, newest first; the revoked ones too",
  tags,
  ...KEYED,
  request: { query: InOrg },
  responses: { 200: json(z.object({ keys: z.array(KeySchema) }), "Without what opens"), ...problems() },
});

export const revokeKey = createRoute({
  method: "delete",
  path: "/v1/keys/{id}",
  summary: "Revoke a key",
  description:
    "From then on it opens nothing, at any server; nor do keys of workers that registered with it. Streams and claims that wait end within 15 s. Revoking it twice is fine; the first time stands.",
  tags,
  ...KEYED,
  request: { params: z.object({ id: KeyId }), query: InOrg },
  responses: { 200: json(KeySchema, "It is revoked"), ...problems(404) },
});
