import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as passed } from "node:timers/promises";
import Database from "better-sqlite3";
import { Client } from "pg";
import type { Store } from "../../../src/core/store.ts";
import { openPostgres } from "../../../src/stores/postgres/index.ts";
import { openSqlite } from "../../../src/stores/sqlite/index.ts";
import { checkHistory } from "../../../src/verify/check/check-history.ts";
import { adminQuery, newSchema, testUrl } from "../../postgres/test-database.ts";
import type { StoreKind, Wrap } from "../../stores/mutants/mutant.ts";
import { partOf } from "./checker-parts.ts";
import type { Finding, Hunt } from "./classic-bug.ts";
import { playInRealTime, type Strike } from "./real-time-crew.ts";

/** What is done to the store while the crew works. */
export type Trouble = "a lock is held" | "its connections end";

/** Longer than a call may wait for it, that of bulk work too. */
const HELD_MS = 12_500;
/** So soon after they ended all must be well again, and some more. */
const WORK_ON_MS: Readonly<Record<Trouble, number>> = { "a lock is held": 500, "its connections end": 16_000 };
const sameStore: Wrap = (sound) => sound;

/** Let a crew work on the broken store while real time passes and something happens to it. */
export function huntInRealTime(kind: StoreKind, trouble: Trouble, wrap: Wrap = sameStore): Hunt {
  return {
    place: kind === "sqlite" ? "SQLite" : "PostgreSQL",
    isSlow: true,
    async run({ seed }): Promise<Finding | null> {
      const ground = kind === "sqlite" ? aFile() : aSchema();
      try {
        const look = await ground.open();
        const strike: Strike = trouble === "a lock is held" ? ground.holdLock : ground.endConnections;
        const open = async (): Promise<Store> => wrap(await ground.open(), ground.where, Date.now);
        const { entries, jobs } = await playInRealTime(open, strike, WORK_ON_MS[trouble]);
        const found = await look.get([...jobs]);
        await look.close();
        const { violations, checked } = checkHistory(
          entries,
          found.filter((job) => job !== null),
        );
        const violation = wrap === sameStore ? violations[0] : violations.find((each) => each.guarantee === "G10");
        if (violation === undefined) return null;
        const { guarantee } = violation;
        return { guarantee, foundBy: partOf(violation), operations: checked.calls, violation, seed };
      } finally {
        await ground.end();
      }
    },
  };
}

interface Ground {
  /** The file or the URL. */
  readonly where: string;
  readonly open: () => Promise<Store>;
  /** What writers need, for `HELD_MS`. */
  readonly holdLock: Strike;
  readonly endConnections: Strike;
  readonly end: () => Promise<void>;
}

function aFile(): Ground {
  const folder = mkdtempSync(join(tmpdir(), "millrace-mutant-"));
  const where = join(folder, "store.db");
  return {
    where,
    open: () => openSqlite({ file: where }),
    async holdLock() {
      const other = new Database(where);
      other.exec("BEGIN IMMEDIATE");
      await passed(HELD_MS);
      other.exec("ROLLBACK");
      other.close();
      return null;
    },
    // It has none that could end.
    endConnections: () => Promise.resolve(null),
    end: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function aSchema(): Ground {
  const schema = newSchema();
  return {
    where: schema.url,
    open: () => openPostgres({ target: schema.url }),
    async holdLock() {
      const other = new Client(testUrl());
      await other.connect();
      await other.query(`BEGIN; LOCK TABLE ${schema.name}.ready, ${schema.name}.running IN ACCESS EXCLUSIVE MODE`);
      await passed(HELD_MS);
      await other.query("ROLLBACK");
      await other.end();
      return null;
    },
    async endConnections() {
      await adminQuery(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'millrace' AND pid <> pg_backend_pid()",
      );
      return { fault: "backend-kill", target: "all connections" };
    },
    end: () => schema.drop(),
  };
}
