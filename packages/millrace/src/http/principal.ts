import type { Role } from "../core/role.ts";

/** Who calls the server. */
export interface Principal {
  readonly org: string;
  readonly role: Role;
  /** Whom what they do is written down under: `createdBy`, `cancelledBy`. */
  readonly name: string;
  /** The one worker that this is, for a worker key. */
  readonly worker?: string;
  /** The id of the API key that was presented, or with which the worker registered. */
  readonly key?: string;
  /** Holds the key that the server was started with, and so may make keys for any organisation. */
  readonly isOperator?: true;
}
