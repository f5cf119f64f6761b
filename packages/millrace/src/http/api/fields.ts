import { z } from "@hono/zod-openapi";

/** Pieces that several schemas are made of. What a value means is said here once; the store checks it again. */

export const Instant = z.iso
  .datetime()
  .openapi({ description: "ISO 8601, UTC, with milliseconds", example: "2026-03-01T12:00:00.000Z" });

/** Kinds, queues, scopes, groups and the like. */
export const Name = z.string().min(1).max(200).openapi({ example: "video.transcode" });

// oxlint-disable-next-line no-control-regex -- control characters are what is refused
const PLAIN_NAME = /^[^\u0000-\u001f\u007f#/]{1,200}$/;

/** Names of organisations, workers and keys. */
export const PlainName = z
  .string()
  .regex(PLAIN_NAME, 'must have 1 to 200 characters, and no "#", "/" or control characters')
  .openapi({ example: "press" });

export const JobIdField = z
  .string()
  .max(40)
  .openapi({ description: "`job_` and 26 characters", example: "job_01k0c9m2w8x7q5v3r1t4y6p8n0" });

/** With a request that is sent again, because nobody heard what became of it. */
export const SentAgo = z.object({
  "x-millrace-sent-ms-ago": z.coerce.number().min(0).optional().openapi({
    description:
      "Sent again under the same id: how long ago it was first sent, in milliseconds. Where the queue keeps finished jobs for no longer than that, what is not found is refused with 409, for it may have run and been deleted",
  }),
});

/** An id that the sender has made, so that sending it again after a lost answer makes no second job. */
export const NewJobId = z
  .string()
  .regex(/^job_[0-9a-hjkmnp-tv-z]{26}$/, "must be `job_` and a ULID in lower case")
  .openapi({
    description:
      "`job_` and a ULID in lower case. Sent again, it is answered with the job that was made the first time",
    example: "job_01k0c9m2w8x7q5v3r1t4y6p8n0",
  });

/** Any JSON value. */
export const Json = z.unknown().openapi({ description: "Any JSON value" });

export const Cursor = z.string().max(500).openapi({ description: "`nextCursor` of the page before" });

/** What only the attempts of a job get to know. Which names there may be, and how long values are, is checked with all else. */
export const SecretsField = z.record(z.string(), z.string());

/** A whole number in a query string or a path, in decimal digits. Nothing else is taken for one, such as `0x3` or `3.0`. */
export function count(least: number, most: number) {
  const toNumber = (text: unknown): unknown => (typeof text === "string" && /^\d+$/.test(text) ? Number(text) : text);
  const error = ({ code }: { readonly code: string }): string | undefined =>
    code === "invalid_type" ? "must be a whole number, in decimal digits" : undefined;
  return z.preprocess(toNumber, z.int({ error }).min(least).max(most));
}

/** The fencing token of a lease. */
export const Token = z.int().min(1).openapi({ description: "The fencing token that came with the claim" });
