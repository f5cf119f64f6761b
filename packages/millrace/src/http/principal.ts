/** What somebody is in an organisation. */
export const ROLES = ["owner", "admin", "member", "viewer", "worker"] as const;
export type Role = (typeof ROLES)[number];

/** Who calls the server. */
export interface Principal {
  readonly org: string;
  readonly role: Role;
  /** Whom what they do is written down under: `createdBy`, `cancelledBy`. */
  readonly name: string;
  /** The one worker that this is, for a worker key. */
  readonly worker?: string;
}

export function isRole(value: unknown): value is Role {
  return typeof value === "string" && (ROLES as readonly string[]).includes(value);
}
