import type { Migration } from "../../sql/migration.ts";

/** Jobs that people hold: since when they are warned, and what they reported too late. */
export const byHand: Migration = {
  version: 3,
  name: "by-hand",
  isCompatible: true,
  sql: `
-- Set once, when the time limit of a job that somebody holds by hand is over.
ALTER TABLE millrace.running ADD COLUMN warned_at bigint;

-- Reports of leases that were over when they came; of each lease the first.
CREATE TABLE millrace.late_report (
  job     bigint NOT NULL,
  token   bigint NOT NULL CHECK (token >= 1),
  at      bigint NOT NULL,
  sent_by text NOT NULL,
  report  text NOT NULL CHECK (length(report) BETWEEN 1 AND 65536),
  PRIMARY KEY (job, token)
);
`,
};
