import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ApiKey } from "../../core/api-key.ts";
import { NotFoundError } from "../../core/errors.ts";
import { apiKeyDigest, createApiKey, createKeyId } from "../api-key.ts";
import * as api from "../api/keys.ts";
import { keyOrganisation, requireRankFor } from "../policy.ts";
import type { Env, Service } from "../service.ts";

/** API keys: make, list, revoke. */
export function keyRoutes(app: OpenAPIHono<Env>, { kernel }: Service): void {
  const { store } = kernel;

  app.openapi(api.createKey, async (c) => {
    const principal = c.get("principal");
    const { name, role, org: named } = c.req.valid("json");
    const org = keyOrganisation(principal, named);
    requireRankFor(principal, role);
    const key = createApiKey();
    const id = createKeyId(kernel.clock.now());
    const added = await store.addApiKey({
      id,
      org,
      name,
      role,
      createdBy: principal.name,
      digest: apiKeyDigest(key),
    });
    c.set("about", [id]);
    return c.json({ ...keyBody(added), key }, 201);
  });

  app.openapi(api.listKeys, async (c) => {
    const org = keyOrganisation(c.get("principal"), c.req.valid("query").org);
    return c.json({ keys: (await store.apiKeys(org)).map(keyBody) }, 200);
  });

  app.openapi(api.revokeKey, async (c) => {
    const principal = c.get("principal");
    const { id } = c.req.valid("param");
    const org = keyOrganisation(principal, c.req.valid("query").org);
    const found = (await store.apiKeys(org)).find((key) => key.id === id);
    if (found === undefined) throw new NotFoundError("key_not_found", `there is no key "${id}"`);
    requireRankFor(principal, found.role);
    const revoked = await store.revokeApiKey(org, id);
    if (revoked === null) throw new NotFoundError("key_not_found", `there is no key "${id}"`);
    return c.json(keyBody(revoked), 200);
  });
}

/** Field by field: nothing that the store may know besides goes out by mistake. */
function keyBody({ id, org, name, role, createdBy, createdAt, revokedAt }: ApiKey) {
  const times = { createdAt: createdAt.toISOString(), revokedAt: revokedAt?.toISOString() ?? null };
  return { id, org, name, role, createdBy, ...times };
}
