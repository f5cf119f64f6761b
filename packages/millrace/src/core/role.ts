/** What somebody is in an organisation. */
export const ROLES = ["owner", "admin", "member", "viewer", "worker"] as const;
export type Role = (typeof ROLES)[number];

export function isRole(value: unknown): value is Role {
  return typeof value === "string" && (ROLES as readonly string[]).includes(value);
}
