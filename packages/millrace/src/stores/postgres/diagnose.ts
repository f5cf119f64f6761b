import type { Diagnosis } from "../../core/store.ts";
import { textArray } from "./arrays.ts";
import type { Bound } from "./channel.ts";
import { codeOf } from "./errors.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import { presentAt, type Session } from "./session.ts";
import { quoteName, type NamedSql } from "./statements.ts";

const OLDEST_SERVER = 140_000;
/** A transaction that is open for longer than any of ours may be. */
const LONG_MS = 60_000;
/** Dead rows that vacuum has had the time to clear away. */
const DEAD_ROWS = 100_000;
const VACUUM_LATE_MS = 300_000;
/** A slot that keeps rows of so many transactions back. */
const SLOT_AGE = 1_000_000;

const SERVER: NamedSql = {
  name: "DIAGNOSE_SERVER",
  sql: `SELECT current_setting('server_version') AS named, current_setting('server_version_num')::integer AS version,
          current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
          current_setting('full_page_writes') AS full_page_writes, current_setting('autovacuum') AS autovacuum,
          current_setting('track_counts') AS track_counts,
          current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
            - coalesce(current_setting('reserved_connections', true), '0')::integer AS most,
          (SELECT sum(numbackends)::integer FROM pg_stat_database) AS used`,
};
/** Of other users' sessions a user without the right to look sees that they are there, and nothing more. */
const TRANSACTIONS: NamedSql = {
  name: "DIAGNOSE_TRANSACTIONS",
  sql: `SELECT a.pid, a.application_name, a.state, a.backend_type IS NULL AS is_hidden, age(a.backend_xmin) AS xmin_age,
          (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::bigint AS open_ms
        FROM pg_stat_activity a
        WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
          AND (a.backend_type IS NULL OR (a.backend_type = 'client backend'
            AND a.xact_start < clock_timestamp() - interval '${LONG_MS} milliseconds'))
        ORDER BY a.xact_start`,
};
const PREPARED: NamedSql = {
  name: "DIAGNOSE_PREPARED",
  sql: `SELECT p.gid, p.owner::text AS owner, (extract(epoch FROM clock_timestamp() - p.prepared) * 1000)::bigint AS open_ms
        FROM pg_prepared_xacts p
        WHERE p.database = current_database() AND p.prepared < clock_timestamp() - interval '${LONG_MS} milliseconds'
        ORDER BY p.prepared`,
};
const SLOTS: NamedSql = {
  name: "DIAGNOSE_SLOTS",
  sql: `SELECT s.slot_name::text AS name, s.active AS is_active, age(s.xmin) AS xmin_age FROM pg_replication_slots s
        WHERE age(s.xmin) > ${SLOT_AGE} OR (s.xmin IS NOT NULL AND NOT s.active) ORDER BY s.slot_name`,
};
const VACUUM: NamedSql = {
  name: "DIAGNOSE_VACUUM",
  sql: `SELECT v.id::text AS name, s.n_live_tup AS live, s.n_dead_tup AS dead,
          (extract(epoch FROM clock_timestamp() - greatest(s.last_autovacuum, s.last_vacuum)) * 1000)::bigint AS vacuumed_ms,
          EXISTS (SELECT FROM pg_options_to_table(c.reloptions) o
            WHERE o.option_name = 'autovacuum_enabled' AND NOT o.option_value::boolean) AS is_off
        FROM unnest(ARRAY[to_regclass('millrace.ready'), to_regclass('millrace.running'), to_regclass('millrace.counter')]) AS v (id)
        JOIN pg_class c ON c.oid = v.id JOIN pg_stat_all_tables s ON s.relid = v.id ORDER BY s.relname`,
};
/** Names of what a migration makes, and whether it is there and in force. */
const PARTS: NamedSql = {
  name: "DIAGNOSE_PARTS",
  sql: `SELECT v.name, coalesce(i.indexrelid, g.oid) IS NOT NULL AS is_there, n.nspname::text AS schema
        FROM unnest($1::text::text[], $2::text::text[], $3::text::text[]) AS v (kind, name, owner)
        JOIN pg_class job ON job.oid = to_regclass('millrace.job') JOIN pg_namespace n ON n.oid = job.relnamespace
        LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = CASE v.kind WHEN 'index' THEN v.name ELSE v.owner END
        LEFT JOIN pg_index i ON v.kind = 'index' AND i.indexrelid = c.oid
        LEFT JOIN pg_trigger g ON v.kind = 'trigger' AND g.tgrelid = c.oid AND g.tgname = v.name
        WHERE NOT coalesce(i.indisvalid AND i.indisready, g.tgenabled IN ('O', 'A'), false) ORDER BY v.kind, v.name`,
};
const OVERDUE: NamedSql = {
  name: "DIAGNOSE_OVERDUE",
  sql: `SELECT count(*) AS n FROM millrace.running WHERE lease_until < (SELECT ${presentAt(1)}) - 5000`,
};
const UNSERVED: NamedSql = {
  name: "DIAGNOSE_UNSERVED",
  sql: `SELECT q.name, sum(y.n)::bigint AS n
        FROM (SELECT lane, count(*) AS n FROM millrace.ready GROUP BY lane) y
        JOIN millrace.lane l ON l.id = y.lane JOIN millrace.queue q ON q.id = l.queue
        WHERE q.paused_at IS NULL AND NOT EXISTS (
          SELECT FROM millrace.worker w WHERE w.org = q.org AND w.alive_until > (SELECT ${presentAt(1)})
            AND (w.queues IS NULL OR q.name IN (SELECT json_array_elements_text(w.queues::json))))
        GROUP BY q.id ORDER BY q.id`,
};
const PAUSED: NamedSql = {
  name: "DIAGNOSE_PAUSED",
  sql: `SELECT q.name, sum(y.n)::bigint AS n
        FROM (SELECT lane, count(*) AS n FROM millrace.ready GROUP BY lane) y
        JOIN millrace.lane l ON l.id = y.lane JOIN millrace.queue q ON q.id = l.queue
        WHERE q.paused_at IS NOT NULL GROUP BY q.id ORDER BY q.id`,
};

interface ServerRow {
  readonly named: string;
  readonly version: number;
  readonly fsync: string;
  readonly synchronous_commit: string;
  readonly full_page_writes: string;
  readonly autovacuum: string;
  readonly track_counts: string;
  readonly most: number;
  readonly used: number | null;
}

/** As `Store.diagnose`, on one state of all data. Reads only. */
export async function diagnose(session: Session): Promise<readonly Diagnosis[]> {
  const [server] = await permitted<ServerRow>(session, SERVER);
  const found: Diagnosis[] = server === undefined ? [] : [...serverOf(server), ...connectionsOf(server)];
  found.push(...(await readParts(session)));
  found.push(...(await readTransactions(session)));
  found.push(...(await readVacuum(session, server)));
  const overdue = (await session.get<{ n: number }>(OVERDUE, session.now()))?.n ?? 0;
  found.push({
    check: "leases",
    level: overdue === 0 ? "ok" : "warning",
    message:
      overdue === 0
        ? "no lease is overdue"
        : `${overdue} leases ran out and nobody took the jobs back: is any worker or server running?`,
  });
  for (const { name, n } of await session.all<{ name: string; n: number }>(UNSERVED, session.now())) {
    found.push({
      check: "workers",
      level: "warning",
      message: `${n} jobs wait in "${name}" and no live worker serves it`,
    });
  }
  for (const { name, n } of await session.all<{ name: string; n: number }>(PAUSED)) {
    found.push({ check: "queues", level: "warning", message: `"${name}" is paused with ${n} jobs waiting` });
  }
  return found;
}

/** What this role may not look at is not looked at. The savepoint keeps the refusal from ending the transaction. */
async function permitted<Row>(session: Session, statement: NamedSql, ...values: Bound[]): Promise<Row[]> {
  await session.adHoc("SAVEPOINT look", []);
  try {
    return await session.all<Row>(statement, ...values);
  } catch (error) {
    if (codeOf(error) !== "42501") throw error;
    await session.adHoc("ROLLBACK TO SAVEPOINT look", []);
    return [];
  }
}

function serverOf(server: ServerRow): readonly Diagnosis[] {
  const { named, version, fsync, synchronous_commit: commit, full_page_writes: pages } = server;
  const isDurable = fsync === "on" && commit !== "off" && pages === "on";
  const settings = `fsync ${fsync}, synchronous_commit ${commit}, full_page_writes ${pages}`;
  return [
    version < OLDEST_SERVER
      ? { check: "server", level: "problem", message: `PostgreSQL ${named} is too old; Millrace needs 14 or newer` }
      : { check: "server", level: "ok", message: `PostgreSQL ${named}` },
    {
      check: "durability",
      level: isDurable ? "ok" : "problem",
      message: isDurable ? settings : `${settings}: what was acknowledged may be lost in a crash; turn all three on`,
    },
  ];
}

function connectionsOf({ used, most }: ServerRow): readonly Diagnosis[] {
  if (used === null) return [];
  const isFull = used >= most * 0.9;
  const message = `${used} of ${most} connections are used`;
  return [
    {
      check: "connections",
      level: isFull ? "warning" : "ok",
      message: isFull ? `${message}: soon none can be made; raise max_connections, or put a pooler before it` : message,
    },
  ];
}

interface TransactionRow {
  readonly pid: number;
  readonly application_name: string | null;
  readonly state: string | null;
  readonly is_hidden: boolean;
  readonly xmin_age: number | null;
  readonly open_ms: number | null;
}

/** Whatever has begun and not ended keeps vacuum from clearing away what was deleted since, and claims wade through it. */
async function readTransactions(session: Session): Promise<readonly Diagnosis[]> {
  const found: Diagnosis[] = [];
  const warn = (message: string): void => void found.push({ check: "transactions", level: "warning", message });
  const sessions = await permitted<TransactionRow>(session, TRANSACTIONS);
  for (const { pid, application_name: name, state, is_hidden: isHidden, xmin_age: age, open_ms: ms } of sessions) {
    if (isHidden) continue;
    const kept = age === null ? "" : `, and keeps what ${age} transactions left behind`;
    warn(
      `process ${pid} ("${name ?? ""}", ${state ?? "unknown"}) has had a transaction open for ${span(ms)}${kept}; \`SELECT pg_terminate_backend(${pid})\` ends it`,
    );
  }
  const prepared = await permitted<{ gid: string; owner: string; open_ms: number }>(session, PREPARED);
  for (const { gid, owner, open_ms: ms } of prepared) {
    const name = `'${gid.replaceAll("'", "''")}'`;
    warn(
      `${owner} prepared the transaction ${name} ${span(ms)} ago; \`COMMIT PREPARED ${name}\` or \`ROLLBACK PREPARED ${name}\` ends it`,
    );
  }
  const slots = await permitted<{ name: string; is_active: boolean; xmin_age: number }>(session, SLOTS);
  for (const { name, is_active: isActive, xmin_age: age } of slots) {
    const end = isActive
      ? "its standby has a transaction open for that long; end that one"
      : `\`SELECT pg_drop_replication_slot('${name.replaceAll("'", "''")}')\` ends it, if nobody comes back for it`;
    warn(`the replication slot "${name}" keeps what ${age} transactions left behind; ${end}`);
  }
  const hidden = sessions.filter((each) => each.is_hidden).length;
  if (found.length > 0) return found;
  const unseen = hidden === 0 ? "" : `; ${hidden} sessions of others cannot be looked at (GRANT pg_read_all_stats)`;
  return [{ check: "transactions", level: "ok", message: `no transaction was left open${unseen}` }];
}

interface VacuumRow {
  readonly name: string;
  readonly live: number;
  readonly dead: number;
  readonly vacuumed_ms: number | null;
  readonly is_off: boolean;
}

async function readVacuum(session: Session, server: ServerRow | undefined): Promise<readonly Diagnosis[]> {
  const found: Diagnosis[] = [];
  const add = (level: Diagnosis["level"], message: string): void =>
    void found.push({ check: "vacuum", level, message });
  for (const setting of ["autovacuum", "track_counts"] as const) {
    if (server === undefined || server[setting] === "on") continue;
    add("problem", `${setting} is off, so what finished jobs leave behind is never cleared away; set it to on`);
  }
  for (const { name, live, dead, vacuumed_ms: ms, is_off: isOff } of await permitted<VacuumRow>(session, VACUUM)) {
    if (isOff)
      add("problem", `autovacuum is off for ${name}; \`ALTER TABLE ${name} RESET (autovacuum_enabled)\` turns it on`);
    if (dead < DEAD_ROWS || dead < live || (ms !== null && ms < VACUUM_LATE_MS)) continue;
    const since = ms === null ? "never yet" : `${span(ms)} ago`;
    add(
      "warning",
      `${name} has ${dead} dead rows to ${live} live ones and was vacuumed ${since}: is autovacuum kept from it?`,
    );
  }
  return found.length > 0 ? found : [{ check: "vacuum", level: "ok", message: "dead rows are cleared away" }];
}

interface Part {
  readonly kind: "index" | "trigger";
  readonly name: string;
  readonly table: string;
  /** The statement that makes it in the schema `millrace`; `null` for an index that comes with its table. */
  readonly sql: string | null;
}

const PART =
  /^(?:CREATE TABLE millrace\.(?<table>\w+)(?<body>[^;]*)|CREATE (?:UNIQUE )?INDEX (?<index>\w+) ON millrace\.(?<indexed>\w+)[^;]*|CREATE (?:CONSTRAINT )?TRIGGER (?<trigger>\w+)[^;]*? ON millrace\.(?<watched>\w+)[^;]*|DROP (?:INDEX|TRIGGER|TABLE) (?:IF EXISTS )?(?:millrace\.)?(?<dropped>\w+))/gm;

/** What the statements of a schema have made by their end and the store relies on without noticing when it is gone. */
function partsOf(sql: string): readonly Part[] {
  const parts = new Map<string, Part>();
  const add = (kind: Part["kind"], name: string, table: string, statement: string | null): void =>
    void parts.set(name, { kind, name, table, sql: statement?.trim().replaceAll(/\s+/g, " ") ?? null });
  for (const { 0: statement, groups } of sql.matchAll(PART)) {
    const { table, body = "", index, indexed = "", trigger, watched = "", dropped } = groups ?? {};
    if (table !== undefined) for (const name of keysOf(table, body)) add("index", name, table, null);
    if (index !== undefined) add("index", index, indexed, statement);
    if (trigger !== undefined) add("trigger", trigger, watched, statement);
    for (const part of parts.values()) {
      if (part.name === dropped || part.table === dropped) parts.delete(part.name);
    }
  }
  return [...parts.values()];
}

/** The indexes that come with a table, by the names that the server gives them. */
function keysOf(table: string, body: string): readonly string[] {
  const columns = [...body.matchAll(/^\s+"?(\w+)"? [^\n]*\bUNIQUE\b/gm)].map((match) => match[1] ?? "");
  const lists = [...body.matchAll(/^\s+UNIQUE \(([^)]*)\)/gm)].map((match) => (match[1] ?? "").replaceAll(/, */g, "_"));
  const primary = body.includes("PRIMARY KEY") ? [`${table}_pkey`] : [];
  return [...primary, ...[...columns, ...lists].map((names) => `${table}_${names}_key`)];
}

const EXPECTED = partsOf(MIGRATIONS.map(({ sql }) => sql).join("\n"));

async function readParts(session: Session): Promise<readonly Diagnosis[]> {
  const broken = await session.all<{ name: string; is_there: boolean; schema: string }>(
    PARTS,
    textArray(EXPECTED.map(({ kind }) => kind)),
    textArray(EXPECTED.map(({ name }) => name)),
    textArray(EXPECTED.map(({ table }) => table)),
  );
  if (broken.length === 0) return [{ check: "schema", level: "ok", message: "all indexes and triggers are there" }];
  return broken.flatMap(({ name, is_there: isThere, schema }) => {
    const part = EXPECTED.find((each) => each.name === name);
    return part === undefined
      ? []
      : [{ check: "schema", level: "problem", message: messageOf(part, isThere, quoteName(schema)) }];
  });
}

function messageOf({ kind, name, table, sql }: Part, isThere: boolean, schema: string): string {
  if (isThere && kind === "index")
    return `the index "${name}" is not valid; \`REINDEX INDEX ${schema}.${name}\` repairs it`;
  if (isThere)
    return `the trigger "${name}" is off; \`ALTER TABLE ${schema}.${table} ENABLE TRIGGER ${name}\` turns it on`;
  const mend = sql === null ? "make it again as the migrations do" : `\`${sql.replaceAll("millrace.", `${schema}.`)}\``;
  return `the ${kind} "${name}" on "${table}" is missing; ${mend}`;
}

function span(ms: number | null): string {
  const seconds = Math.round((ms ?? 0) / 1_000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
