import { InvariantError } from "../../core/errors.ts";
import type { Move, Settlement } from "../../core/settlement.ts";
import type { SettleStatus } from "../../core/store.ts";
import type { WireOutcome } from "../../http/api/worker-client.ts";
import type { HttpWorker } from "./http-worker.ts";
import { byHolder, LEASE_SIZE } from "./lease.ts";
import { inPortions } from "./portions.ts";
import type { Workers } from "./workers.ts";

/** As `Store.settle`. The server makes the same move of what it is told. */
export async function settleAttempts(
  workers: Workers,
  settlements: readonly Settlement[],
): Promise<readonly SettleStatus[]> {
  const statuses = new Map<Settlement, SettleStatus>();
  for (const [worker, own] of byHolder(workers, settlements)) {
    if (worker === undefined) continue;
    const answers = await inPortions(own, sizeOf, (portion) => send(worker, portion));
    own.forEach((settlement, i) => {
      statuses.set(settlement, answers[i] ?? "lost");
      worker.held.end(settlement);
    });
  }
  return settlements.map((settlement) => statuses.get(settlement) ?? "lost");
}

async function send({ client }: HttpWorker, settlements: readonly Settlement[]): Promise<readonly SettleStatus[]> {
  const { statuses, cancelled = [] } = await client.settle(settlements.map(outcomeOf));
  const ended = new Set<string>(cancelled);
  return settlements.map(({ job }, i) =>
    statuses[i] === "settled" ? "settled" : ended.has(job) ? "cancelled" : "lost",
  );
}

function sizeOf({ move }: Settlement): number {
  return LEASE_SIZE + (move.to === "done" ? (move.result?.length ?? 0) : 0);
}

function outcomeOf({ job, token, move }: Settlement): WireOutcome {
  const lease = { job, token };
  switch (move.to) {
    case "done":
      return { ...lease, ...finalOf(move) };
    case "scheduled":
      return move.ending === "snoozed"
        ? { ...lease, outcome: "snooze", delayMs: move.delayMs }
        : { ...lease, ...failureOf(move), delayMs: move.delayMs };
    case "ready":
      return { ...lease, outcome: "release" };
  }
}

type Outcome = WireOutcome extends infer Each ? (Each extends unknown ? Omit<Each, "job" | "token"> : never) : never;

function finalOf(move: Move & { readonly to: "done" }): Outcome {
  switch (move.state) {
    case "completed":
      return { outcome: "complete", result: JSON.parse(move.result ?? "null") as unknown };
    case "failed":
      return failureOf(move);
    case "cancelled":
      return { outcome: "cancel", ...(move.reason === null ? {} : { reason: move.reason.slice(0, MOST_REASON) }) };
  }
}

/** Whether another attempt is left, the server knows. */
function failureOf({ error }: Move): Outcome & { readonly outcome: "fail" } {
  if (error === null) throw new InvariantError("an attempt has failed without an error");
  const { name, message, permanent } = error;
  return { outcome: "fail", error: { name, message }, permanent };
}

const MOST_REASON = 1_000;
