import { createRoute, z } from "@hono/zod-openapi";
import { json, KEYED, problem, problems } from "./answers.ts";
import { Instant, JobIdField } from "./fields.ts";

const ArtifactSchema = z
  .object({
    name: z.string(),
    size: z.int().openapi({ description: "In bytes" }),
    sha256: z.string().openapi({ description: "Of the bytes, in hexadecimal digits" }),
    contentType: z.string(),
    createdBy: z.string().nullable().openapi({ description: "The person or the worker that sent it" }),
    createdAt: Instant,
  })
  .openapi("Artifact");

export type ArtifactBody = z.infer<typeof ArtifactSchema>;

/** Any bytes, under any type. */
const BYTES = { "application/octet-stream": { schema: { type: "string", format: "binary" } } } as const;

const NameParams = z.object({
  id: JobIdField,
  name: z.string().openapi({
    description:
      "1 to 255 bytes of UTF-8, percent-encoded, in normal form C; no separators, nothing that cannot be seen, no dot or space at its ends, no device of Windows",
    example: "out.mp4",
  }),
});

const TokenHeader = z.coerce.number().int().min(1).optional().openapi({
  type: "integer",
  description: "For workers: the fencing token of the lease under which they hold the job",
});

const DIGEST = "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:";
const tags = ["Artifacts"];

export const listArtifacts = createRoute({
  method: "get",
  path: "/v1/jobs/{id}/artifacts",
  summary: "List the artifacts of a job",
  tags,
  ...KEYED,
  request: { params: z.object({ id: JobIdField }), headers: z.object({ "x-millrace-token": TokenHeader }) },
  responses: { 200: json(z.object({ artifacts: z.array(ArtifactSchema) }), "By name"), ...problems(404, 409) },
});

export const putArtifact = createRoute({
  method: "put",
  path: "/v1/jobs/{id}/artifacts/{name}",
  summary: "Send an artifact",
  description:
    "The bytes as they are, under their own `Content-Type`. It is there once all of them are on disk, in place of one with the same name, and nothing is otherwise. People send artifacts until the job has ended, workers while they hold it: `lease_lost` when they do not.",
  tags,
  ...KEYED,
  request: {
    params: NameParams,
    headers: z.object({
      "x-millrace-token": TokenHeader,
      "x-millrace-sha256": z
        .string()
        .regex(/^[\da-f]{64}$/i, "must be 64 hexadecimal digits")
        .optional()
        .openapi({ description: "The SHA-256 of the bytes in hexadecimal digits; it is refused with another" }),
      "repr-digest": z
        .string()
        .max(1_000)
        .optional()
        .openapi({ description: "The same as RFC 9530 has it; `sha-256` is looked at", example: DIGEST }),
    }),
    body: { required: true, content: BYTES },
  },
  responses: {
    201: json(ArtifactSchema, "It is on disk"),
    408: problem("Nothing more of it has arrived for too long"),
    ...problems(404, 409, 413, 415),
  },
});

const HEADERS = {
  ETag: { description: "The SHA-256 of all of it", schema: { type: "string" } },
  "Repr-Digest": { description: "The SHA-256 of all of it, as RFC 9530 has it", schema: { type: "string" } },
} as const;

export const getArtifact = createRoute({
  method: "get",
  path: "/v1/jobs/{id}/artifacts/{name}",
  summary: "Read an artifact, or a range of it",
  description: "The bytes as they were sent, under the type that was sent with them. `HEAD` answers the headers alone.",
  tags,
  ...KEYED,
  request: {
    params: NameParams,
    headers: z.object({
      "x-millrace-token": TokenHeader,
      range: z.string().max(200).optional().openapi({ description: "One range of bytes", example: "bytes=0-1023" }),
      "if-range": z.string().max(200).optional(),
      "if-none-match": z.string().max(4_000).optional(),
    }),
  },
  responses: {
    200: { description: "All of it", headers: HEADERS, content: BYTES },
    206: { description: "The range", headers: HEADERS, content: BYTES },
    304: { description: "It is the one that `If-None-Match` names" },
    416: problem("The range begins behind its end"),
    ...problems(404, 409),
  },
});
