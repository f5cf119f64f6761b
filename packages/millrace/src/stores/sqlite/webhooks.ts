import { InvariantError } from "../../core/errors.ts";
import type { StoredWebhook } from "../../core/webhook.ts";
import { webhookFrom, type WebhookRow } from "../sql/server-rows.ts";
import type { NamedSql, Session } from "./session.ts";

/** The same webhook sent again answers what was written. */
const ADD: NamedSql = {
  name: "WEBHOOK_ADD",
  sql: `INSERT INTO millrace_webhook (id, org, url, events, sealed, cursor, created_by, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET org = org WHERE org = excluded.org RETURNING *`,
};
const ALL: NamedSql = {
  name: "WEBHOOK_ALL",
  sql: `SELECT * FROM millrace_webhook WHERE ?1 IS NULL OR org = ?1 ORDER BY created_at, id`,
};
const REMOVE: NamedSql = { name: "WEBHOOK_REMOVE", sql: `DELETE FROM millrace_webhook WHERE org = ? AND id = ?` };
/** Guard: the cursor stands where the caller has seen it. */
const ADVANCE: NamedSql = {
  name: "WEBHOOK_ADVANCE",
  sql: `UPDATE millrace_webhook SET cursor = ?3 WHERE id = ?1 AND cursor = ?2`,
};

export function addWebhook(session: Session, webhook: Omit<StoredWebhook, "createdAt">): StoredWebhook {
  const { id, org, url, events, sealed, cursor, createdBy } = webhook;
  const told = events === null ? null : JSON.stringify(events);
  const row = session.get<WebhookRow>(ADD, id, org, url, told, sealed, cursor, createdBy, session.now());
  if (row === undefined) throw new InvariantError(`there is another webhook ${id}`);
  return webhookFrom(row);
}

export function readWebhooks(session: Session, org: string | null): readonly StoredWebhook[] {
  return session.all<WebhookRow>(ALL, org).map(webhookFrom);
}

export function removeWebhook(session: Session, org: string, id: string): boolean {
  return session.run(REMOVE, org, id) > 0;
}

/** As `Store.advanceWebhook`, inside a transaction. */
export function advanceWebhook(session: Session, id: string, from: string, to: string): boolean {
  return session.run(ADVANCE, id, from, to) > 0;
}
