import type { Claim, ClaimRequest } from "../../core/store.ts";
import type { Session } from "./session.ts";
import type { NamedSql } from "./statements.ts";

/**
 * What the worker holds, once nobody else claims for it any more until the commit: the row of the worker is held first, and
 * the count is a statement of its own, which sees what was committed meanwhile.
 */
const HOLD_WORKER: NamedSql = {
  name: "CLAIM_HOLD_WORKER",
  sql: `SELECT id FROM millrace.worker WHERE id = $1::text FOR NO KEY UPDATE`,
};
const HELD: NamedSql = {
  name: "CLAIM_HELD",
  sql: `SELECT count(*) AS n FROM millrace.running WHERE worker = $1::text AND takes_slot`,
};

/** What is answered to a worker whose slots are all taken: it waits for one, and not for tickets. */
export const NO_SLOT: readonly Claim[] = Object.freeze([]);

/** How many jobs the worker may still take, inside the transaction that takes them. */
export async function freeSlots(session: Session, { worker, slots }: ClaimRequest): Promise<number> {
  if (slots === undefined) return Number.POSITIVE_INFINITY;
  const [, held] = await Promise.all([session.get(HOLD_WORKER, worker), session.get<{ n: number }>(HELD, worker)]);
  return slots - (held?.n ?? 0);
}
