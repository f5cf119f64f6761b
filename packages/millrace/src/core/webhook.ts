import type { JobEvent } from "./event.ts";

/** An address that is told what happens to the jobs of an organisation. */
export interface Webhook {
  /** `hook_` and 26 characters. */
  readonly id: string;
  readonly org: string;
  readonly url: string;
  /** What it is told of; `null` for everything. */
  readonly events: readonly JobEvent["type"][] | null;
  readonly createdBy: string | null;
  readonly createdAt: Date;
}

export interface StoredWebhook extends Webhook {
  /** The secret that signs what is sent, encrypted. */
  readonly sealed: string;
  /** Of the events, those up to here have been handed on to be sent. */
  readonly cursor: string;
}

export interface WebhookStore {
  /** Sending the same again is safe: what was written is answered. */
  addWebhook(webhook: Omit<StoredWebhook, "createdAt">): Promise<StoredWebhook>;
  /** Of an organisation, or of all for `null`; oldest first. */
  webhooks(org: string | null): Promise<readonly StoredWebhook[]>;
  /** False when there was none. */
  removeWebhook(org: string, id: string): Promise<boolean>;
  /** Move the cursor on. False when it stands elsewhere than at `from`: another process has moved it. */
  advanceWebhook(id: string, from: string, to: string): Promise<boolean>;
}
