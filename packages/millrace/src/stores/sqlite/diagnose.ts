import type { Diagnosis } from "../../core/store.ts";
import type { NamedSql, Session } from "./session.ts";

const OVERDUE: NamedSql = {
  name: "DIAGNOSE_OVERDUE",
  sql: `SELECT count(*) AS n FROM millrace_running WHERE lease_until < ?`,
};
const UNSERVED: NamedSql = {
  name: "DIAGNOSE_UNSERVED",
  sql: `SELECT q.name, count(*) AS n FROM millrace_ready y JOIN millrace_lane l ON l.id = y.lane JOIN millrace_queue q ON q.id = l.queue
        WHERE q.paused_at IS NULL AND NOT EXISTS (
          SELECT 1 FROM millrace_worker w WHERE w.org = q.org AND w.alive_until > ?
            AND (w.queues IS NULL OR EXISTS (SELECT 1 FROM json_each(w.queues) e WHERE e.value = q.name)))
        GROUP BY q.id`,
};
const PAUSED: NamedSql = {
  name: "DIAGNOSE_PAUSED",
  sql: `SELECT q.name, count(y.job) AS n FROM millrace_queue q JOIN millrace_lane l ON l.queue = q.id JOIN millrace_ready y ON y.lane = l.id
        WHERE q.paused_at IS NOT NULL GROUP BY q.id`,
};

/** As `Store.diagnose`. `quick_check` reads the whole file. */
export function diagnose(session: Session): readonly Diagnosis[] {
  const { db } = session;
  const found: Diagnosis[] = [];
  const integrity = db.pragma("quick_check(1)", { simple: true }) as string;
  found.push(
    integrity === "ok"
      ? { check: "integrity", level: "ok", message: "the file is sound" }
      : { check: "integrity", level: "problem", message: `the file is damaged: ${integrity}; restore a backup` },
  );
  const journal = db.pragma("journal_mode", { simple: true }) as string;
  const synchronous = db.pragma("synchronous", { simple: true }) as number;
  const isDurable = (journal === "wal" && synchronous >= 2) || db.memory;
  found.push({
    check: "durability",
    level: isDurable ? "ok" : "problem",
    message: `journal_mode ${journal}, synchronous ${synchronous === 2 ? "FULL" : synchronous}`,
  });
  const overdue = session.get<{ n: number }>(OVERDUE, session.now() - 5_000)?.n ?? 0;
  found.push({
    check: "leases",
    level: overdue === 0 ? "ok" : "warning",
    message:
      overdue === 0
        ? "no lease is overdue"
        : `${overdue} leases ran out and nobody took the jobs back: is any worker or server running?`,
  });
  for (const { name, n } of session.all<{ name: string; n: number }>(UNSERVED, session.now())) {
    found.push({
      check: "workers",
      level: "warning",
      message: `${n} jobs wait in "${name}" and no live worker serves it`,
    });
  }
  for (const { name, n } of session.all<{ name: string; n: number }>(PAUSED)) {
    found.push({ check: "queues", level: "warning", message: `"${name}" is paused with ${n} jobs waiting` });
  }
  return found;
}
