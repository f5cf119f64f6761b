import { createRoute, z } from "@hono/zod-openapi";
import { ROLES } from "../../core/role.ts";
import { json, KEYED, problems } from "./answers.ts";

const MeSchema = z
  .object({
    org: z.string(),
    role: z.enum(ROLES),
    name: z.string().openapi({ description: "What is done with the key is written down under it" }),
  })
  .openapi("Me");

export const readMe = createRoute({
  method: "get",
  path: "/v1/me",
  summary: "Say whose key this is",
  tags: ["Keys"],
  ...KEYED,
  responses: { 200: json(MeSchema, "Its organisation, role and name"), ...problems() },
});
