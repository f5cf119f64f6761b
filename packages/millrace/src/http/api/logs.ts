import { createRoute, z } from "@hono/zod-openapi";
import { KEYED, problems } from "./answers.ts";
import { count, Instant, JobIdField } from "./fields.ts";

const LogLineSchema = z
  .object({
    sequence: z.int().openapi({ description: "1, 2, 3 … for each job" }),
    at: Instant,
    stream: z.enum(["log", "stdout", "stderr"]),
    attempt: z.int(),
    text: z.string(),
  })
  .openapi("LogLine");

const LogPageSchema = z
  .object({
    lines: z.array(LogLineSchema),
    next: z.int().openapi({ description: "Pass it as `after` to read on" }),
  })
  .openapi("LogPage");

const Sequence = count(0, Number.MAX_SAFE_INTEGER);

/** `?follow` alone says yes. */
const Flag = z.enum(["", "true", "1", "false", "0"]).transform((text) => text !== "false" && text !== "0");

export const readLogs = createRoute({
  method: "get",
  path: "/v1/jobs/{id}/logs",
  summary: "Read or follow the log of a job",
  description:
    "JSON, a page at a time; or, with `Accept: text/event-stream`, a stream of all lines, each a `LogLine` as JSON with its sequence as `id`. With `follow` the stream goes on until the job has ended. At its end, an event named `end` tells the `state` of the job.",
  tags: ["Jobs"],
  ...KEYED,
  request: {
    params: z.object({ id: JobIdField }),
    query: z.object({
      after: Sequence.optional().openapi({ type: "integer", description: "Tell the lines with a higher sequence" }),
      limit: count(1, 1_000)
        .optional()
        .openapi({ description: "Lines of a page, 1000 unless given; a stream tells them all" }),
      follow: Flag.optional().openapi({ description: "Go on until the job has ended; for streams only" }),
    }),
    headers: z.object({
      "last-event-id": Sequence.optional().openapi({
        type: "integer",
        description: "As `after`, and before it: browsers send it",
      }),
    }),
  },
  responses: {
    200: {
      description: "Lines in their order",
      content: { "application/json": { schema: LogPageSchema }, "text/event-stream": { schema: LogLineSchema } },
    },
    ...problems(404),
  },
});
