import type { Migration } from "../../sql/migration.ts";

/** What workers hold whose slots are counted, by worker; the tickets of all others are in no index more than before. */
export const slots: Migration = {
  version: 4,
  name: "slots",
  isCompatible: true,
  sql: `
ALTER TABLE millrace.running ADD COLUMN takes_slot boolean;
CREATE INDEX running_by_slot ON millrace.running (worker) WHERE takes_slot;
`,
};
