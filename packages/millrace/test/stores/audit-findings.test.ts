import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { openSqlite } from "../../src/stores/sqlite/index.ts";
import { claimSome, enqueueAll, moves, refOf, requests } from "../../src/testing/factory.ts";

/** What could only come about by a bug, a broken disk or a hand in the file; and the guarantee it breaks. */
const DAMAGE: readonly (readonly [what: string, guarantee: string, sql: string])[] = [
  ["a ticket is gone", "G3", "DELETE FROM millrace_ready WHERE job = 5"],
  [
    "a ticket lies in two places",
    "G3",
    "INSERT INTO millrace_scheduled SELECT job, lane, priority, run_at, attempt, token, started_at FROM millrace_ready WHERE job = 5",
  ],
  ["a job is gone and its ticket is not", "G3", "DELETE FROM millrace_job WHERE seq = 5"],
  [
    "a number is missing",
    "G4",
    "UPDATE millrace_job SET number = 100 WHERE seq = 6; UPDATE millrace_counter SET last = 100",
  ],
  ["the counter has fallen back", "G4", "UPDATE millrace_counter SET last = 2"],
  [
    "numbers are not in the order of their jobs",
    "G4",
    "UPDATE millrace_job SET number = 99 WHERE seq = 4; UPDATE millrace_job SET number = 4 WHERE seq = 5; UPDATE millrace_job SET number = 5 WHERE seq = 4",
  ],
  ["a job started before it was created", "G5", "UPDATE millrace_running SET started_at = 5"],
  [
    "a job ended before it was created",
    "G5",
    "UPDATE millrace_done SET finished_at = 5, started_at = 5, attempt_started_at = 5",
  ],
  [
    "a token has gone back",
    "G2",
    "UPDATE millrace_ready SET token = 1, attempt = 0 WHERE job = 3; UPDATE millrace_attempt SET token = 7",
  ],
  [
    "something still lies beside a finished job",
    "G8",
    "INSERT INTO millrace_companion (job, sealed) VALUES (1, 'secret')",
  ],
  [
    "an artifact has no job",
    "G3",
    "INSERT INTO millrace_artifact VALUES (99, 'a', 1, 'aa', 'text/plain', NULL, 5, 'place/1')",
  ],
  [
    "the bytes of an artifact are to be deleted",
    "G3",
    "INSERT INTO millrace_artifact VALUES (1, 'a', 1, 'aa', 'text/plain', NULL, 5, 'place/1'); INSERT INTO millrace_place VALUES ('place/1', 0, 0)",
  ],
  ["a job without attempts left waits", "G6", "UPDATE millrace_ready SET token = 3, attempt = 3 WHERE job = 5"],
];

describe("the audit", () => {
  test.for(DAMAGE)("finds that %s", async ([, guarantee, sql]) => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-audit-"));
    const file = join(folder, "store.db");
    const store = await openSqlite({ file });
    await enqueueAll(store, requests(6));
    const [done, , released] = await claimSome(store, 3);
    if (done === undefined || released === undefined) throw new Error("there were jobs to claim");
    await store.settle([
      { ...refOf(done), move: moves.complete() },
      { ...refOf(released), move: moves.release() },
    ]);
    expect(await store.audit()).toEqual({ jobs: 6, violations: [] });

    const vandal = new Database(file);
    vandal.pragma("foreign_keys = OFF");
    vandal.pragma("ignore_check_constraints = ON");
    vandal.exec("DROP TRIGGER millrace_job_never_changes; DROP TRIGGER millrace_done_is_final;");
    vandal.exec(sql);
    vandal.close();

    const { violations } = await store.audit();
    expect(violations.map((violation) => violation.guarantee)).toContain(guarantee);
    for (const { rows } of violations) {
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.length).toBeLessThanOrEqual(10);
    }
    await store.close();
    rmSync(folder, { recursive: true });
  });
});
