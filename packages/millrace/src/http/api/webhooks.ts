import { createRoute, z } from "@hono/zod-openapi";
import { JOB_EVENTS } from "../../core/event.ts";
import { json, jsonBody, KEYED, problems } from "./answers.ts";
import { Instant } from "./fields.ts";

const HOOK_ID = /^hook_[0-9a-z]{26}$/;

const HookId = z
  .string()
  .regex(HOOK_ID, "must be the id of a webhook: `hook_` and 26 characters")
  .openapi({ description: "`hook_` and 26 characters", example: "hook_01k0c9m2w8x7q5v3r1t4y6p8n0" });

const Url = z.string().min(1).max(2_000).openapi({ example: "https://example.com/hooks/millrace" });

const WebhookSchema = z
  .object({
    id: HookId,
    url: Url,
    events: z.array(z.enum(JOB_EVENTS)).nullable().openapi({ description: "`null` for everything" }),
    createdBy: z.string().nullable(),
    createdAt: Instant,
  })
  .openapi("Webhook");

const tags = ["Webhooks"];

export const createWebhook = createRoute({
  method: "post",
  path: "/v1/webhooks",
  summary: "Be told at a URL what happens to the organisation's jobs",
  description:
    "From now on each event is sent there as `{ type, timestamp, data }`, signed after the Standard Webhooks specification. Any 2xx is thanks; 410 removes the webhook; all else is tried again, for about 7 hours. It may come twice, with the same `webhook-id`, and in another order. Addresses that are not public are refused, unless the server allows them. Needs a server with MILLRACE_SECRET_KEY.",
  tags,
  ...KEYED,
  request: {
    body: jsonBody(
      z.strictObject({
        url: Url,
        events: z
          .array(z.enum(JOB_EVENTS))
          .min(1)
          .optional()
          .openapi({
            description: "What it is told of; everything when it is left out",
            example: ["completed", "failed"],
          }),
      }),
    ),
  },
  responses: {
    201: json(
      WebhookSchema.extend({
        secret: z.string().openapi({ description: "What verifies the signatures: `whsec_…`. Shown this once" }),
      }),
      "It is told from now on",
    ),
    ...problems(409, 413, 415),
  },
});

export const listWebhooks = createRoute({
  method: "get",
  path: "/v1/webhooks",
  summary: "List the webhooks, oldest first",
  tags,
  ...KEYED,
  responses: {
    200: json(z.object({ webhooks: z.array(WebhookSchema) }), "Without their secrets"),
    ...problems(),
  },
});

export const removeWebhook = createRoute({
  method: "delete",
  path: "/v1/webhooks/{id}",
  summary: "Remove a webhook",
  description: "Deliveries that wait are cancelled.",
  tags,
  ...KEYED,
  request: { params: z.object({ id: HookId }) },
  responses: { 204: { description: "It is gone" }, ...problems(404) },
});
