import { InvariantError } from "../../core/errors.ts";
import type { StoredWebhook } from "../../core/webhook.ts";
import { webhookFrom, type WebhookRow } from "../sql/server-rows.ts";
import { presentAt, type Session } from "./session.ts";
import type { NamedSql } from "./statements.ts";

/** The same webhook sent again answers what was written. */
const ADD: NamedSql = {
  name: "WEBHOOK_ADD",
  sql: `INSERT INTO millrace.webhook AS w (id, org, url, events, sealed, cursor, created_by, created_at)
        SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, t.now
        FROM (SELECT ${presentAt(8)} AS now) t
        ON CONFLICT (id) DO UPDATE SET org = w.org WHERE w.org = excluded.org RETURNING *`,
};
const ALL: NamedSql = {
  name: "WEBHOOK_ALL",
  sql: `SELECT * FROM millrace.webhook WHERE $1::text IS NULL OR org = $1::text ORDER BY created_at, id`,
};
const REMOVE: NamedSql = {
  name: "WEBHOOK_REMOVE",
  sql: `DELETE FROM millrace.webhook WHERE org = $1::text AND id = $2::text`,
};
/** Guard: the cursor stands where the caller has seen it. Of two that have, the second finds it moved. */
const ADVANCE: NamedSql = {
  name: "WEBHOOK_ADVANCE",
  sql: `UPDATE millrace.webhook SET cursor = $3::text WHERE id = $1::text AND cursor = $2::text`,
};

export async function addWebhook(session: Session, webhook: Omit<StoredWebhook, "createdAt">): Promise<StoredWebhook> {
  const { id, org, url, events, sealed, cursor, createdBy } = webhook;
  const told = events === null ? null : JSON.stringify(events);
  const row = await session.get<WebhookRow>(ADD, id, org, url, told, sealed, cursor, createdBy, session.now());
  if (row === undefined) throw new InvariantError(`there is another webhook ${id}`);
  return webhookFrom(row);
}

export async function readWebhooks(session: Session, org: string | null): Promise<readonly StoredWebhook[]> {
  return (await session.all<WebhookRow>(ALL, org)).map(webhookFrom);
}

export async function removeWebhook(session: Session, org: string, id: string): Promise<boolean> {
  return (await session.run(REMOVE, org, id)) > 0;
}

/** As `Store.advanceWebhook`. Who asks a second time is told that it stands elsewhere. */
export async function advanceWebhook(session: Session, id: string, from: string, to: string): Promise<boolean> {
  return (await session.run(ADVANCE, id, from, to)) > 0;
}
