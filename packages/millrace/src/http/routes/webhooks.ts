import type { OpenAPIHono } from "@hono/zod-openapi";
import { ConflictError, InputError, NotFoundError } from "../../core/errors.ts";
import type { Webhook } from "../../core/webhook.ts";
import type { Kernel } from "../../runtime/kernel.ts";
import * as api from "../api/webhooks.ts";
import { rightTo } from "../policy.ts";
import type { Env, Service } from "../service.ts";
import { createSigningSecret } from "../webhooks/signature.ts";
import { sealSecret } from "../webhooks/webhook-secret.ts";
import { parseWebhookUrl } from "../webhooks/webhook-url.ts";

/** Every event is a job for each of them. */
const MOST_WEBHOOKS = 50;
const CANCEL_AT_ONCE = 500;

/** Webhooks: add, list, remove. */
export function webhookRoutes(app: OpenAPIHono<Env>, { kernel, webhooks }: Service): void {
  const { store, vault } = kernel;

  app.openapi(api.createWebhook, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "manage webhooks");
    const { org, name } = principal;
    if (vault === undefined) {
      throw new InputError(
        "request_invalid",
        "this server cannot sign: webhooks need a key to keep their secrets under; set MILLRACE_SECRET_KEY",
      );
    }
    const { url, events } = c.req.valid("json");
    const { href } = parseWebhookUrl(url, webhooks.allowsPrivate);
    if ((await store.webhooks(org)).length >= MOST_WEBHOOKS) {
      throw new ConflictError("state_conflict", `there are ${MOST_WEBHOOKS} webhooks, and there may be no more`);
    }
    const id = `hook_${kernel.newId().slice("job_".length)}`;
    const secret = createSigningSecret();
    // What happens from here on is told.
    const { cursor } = await store.events(org, null, 0);
    const hook = await store.addWebhook({
      id,
      org,
      url: href,
      events: events === undefined ? null : [...new Set(events)],
      createdBy: name,
      sealed: sealSecret(vault, { id, org }, secret),
      cursor,
    });
    webhooks.wake();
    c.set("about", [id]);
    return c.json({ ...webhookBody(hook), secret }, 201);
  });

  app.openapi(api.listWebhooks, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "manage webhooks");
    return c.json({ webhooks: (await store.webhooks(principal.org)).map(webhookBody) }, 200);
  });

  app.openapi(api.removeWebhook, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "manage webhooks");
    const { id } = c.req.valid("param");
    if (!(await store.removeWebhook(principal.org, id))) {
      throw new NotFoundError("webhook_not_found", `there is no webhook "${id}"`);
    }
    await cancelDeliveries(kernel, principal.org, id, principal.name);
    return c.body(null, 204);
  });
}

/** Those that wait. One that is being made finds for itself that its webhook is gone. */
async function cancelDeliveries({ store }: Kernel, org: string, id: string, by: string): Promise<void> {
  const filter = { org, group: id, state: ["queued", "scheduled"] } as const;
  for (;;) {
    const { jobs } = await store.list(filter, { limit: CANCEL_AT_ONCE, cursor: null });
    if (jobs.length === 0) return;
    await store.cancel(jobs.map((job) => ({ id: job.id, by, reason: "the webhook was removed" })));
  }
}

/** Field by field: the secret and the cursor stay here. */
function webhookBody({ id, url, events, createdBy, createdAt }: Webhook) {
  return { id, url, events: events === null ? null : [...events], createdBy, createdAt: createdAt.toISOString() };
}
