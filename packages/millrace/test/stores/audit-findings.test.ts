import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, onTestFinished } from "vitest";
import { DIALECT } from "../../src/stores/sqlite/audit.ts";
import { openSqlite } from "../../src/stores/sqlite/index.ts";
import { auditFindings, type DamagedStore } from "./audit-cases.ts";

async function open(): Promise<DamagedStore> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-audit-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, "store.db");
  const store = await openSqlite({ file });
  onTestFinished(() => store.close());
  return {
    store,
    hand: {
      table: (name) => `millrace_${name}`,
      row: (job) => `(SELECT seq FROM millrace_job WHERE id = '${job}')`,
    },
    write: async (sql) => {
      const vandal = new Database(file);
      vandal.pragma("foreign_keys = OFF");
      vandal.pragma("ignore_check_constraints = ON");
      vandal.exec("DROP TRIGGER IF EXISTS millrace_job_never_changes; DROP TRIGGER IF EXISTS millrace_done_is_final;");
      vandal.exec(sql);
      vandal.close();
    },
  };
}

describe("the audit of a file", () => {
  auditFindings("sqlite", DIALECT, open);
});
