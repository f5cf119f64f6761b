import { createRoute, z } from "@hono/zod-openapi";
import { json, KEYED, problem, problems } from "./answers.ts";
import { Instant } from "./fields.ts";

const tags = ["Operations"];
const OPEN = { security: [] };

const HealthSchema = z.object({ status: z.literal("ok"), timestamp: Instant }).openapi("Health");

export const getHealth = createRoute({
  method: "get",
  path: "/health",
  summary: "Say whether the process lives",
  description: "Asks nothing of the store: a server whose store is away is not to be restarted for it.",
  tags,
  ...OPEN,
  responses: { 200: json(HealthSchema, "It does"), 500: problem("It does, and something is wrong with it") },
});

export const getReadiness = createRoute({
  method: "get",
  path: "/ready",
  summary: "Say whether requests can be served",
  description: "Whether the store answers within a second, and the server is not about to stop.",
  tags,
  ...OPEN,
  responses: { 200: json(HealthSchema, "They can"), 503: problem("Not now; send them elsewhere") },
});

export const getMetrics = createRoute({
  method: "get",
  path: "/metrics",
  summary: "Measurements, for Prometheus",
  description: "Queues, jobs, workers and requests of the key's organisation, and how the server itself is.",
  tags,
  ...KEYED,
  responses: {
    200: { description: "The text format 0.0.4", content: { "text/plain": { schema: z.string() } } },
    ...problems(),
  },
});

export const getOpenApi = createRoute({
  method: "get",
  path: "/openapi.json",
  summary: "This document",
  tags,
  ...OPEN,
  responses: {
    200: json(z.record(z.string(), z.unknown()), "OpenAPI 3.1"),
    500: problem("The document could not be made"),
  },
});
