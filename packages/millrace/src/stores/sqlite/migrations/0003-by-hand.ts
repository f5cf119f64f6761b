import type { Migration } from "../../sql/migration.ts";

/** Jobs that people hold: since when they are warned, and what they reported too late. */
export const byHand: Migration = {
  version: 3,
  name: "by-hand",
  isCompatible: true,
  sql: `
-- Set once, when the time limit of a job that somebody holds by hand is over.
ALTER TABLE millrace_running ADD COLUMN warned_at INTEGER;

-- Reports of leases that were over when they came; of each lease the first.
CREATE TABLE millrace_late_report (
  job     INTEGER NOT NULL REFERENCES millrace_job (seq) ON DELETE CASCADE,
  token   INTEGER NOT NULL CHECK (token >= 1),
  at      INTEGER NOT NULL,
  sent_by TEXT NOT NULL,
  report  TEXT NOT NULL CHECK (length(report) BETWEEN 1 AND 65536),
  PRIMARY KEY (job, token)
) STRICT, WITHOUT ROWID;
`,
};
