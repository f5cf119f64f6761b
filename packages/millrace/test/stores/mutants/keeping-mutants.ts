import type { Bug } from "./mutant.ts";

/** Bugs in what is left when jobs are pruned, and in what is kept of those that come from another store. */
export const keepingMutants: readonly Bug[] = [
  {
    bug: "prune deletes the key of an old job, though a newer one has it by now",
    guarantee: "G3",
    convictedBy: "prune: a key that a newer job has is not pruned with an older one",
    sqlite: {
      edits: {
        PRUNE_KEY: [
          "WHERE job IN (SELECT value FROM json_each(?))",
          "WHERE key IN (SELECT key FROM millrace_job WHERE seq IN (SELECT value FROM json_each(?)))",
        ],
      },
    },
    postgres: {
      edits: {
        PRUNE_KEY: [
          "k.job = ANY ($1::text::bigint[])",
          "k.key IN (SELECT j.key FROM millrace.job j WHERE j.seq = ANY ($1::text::bigint[]))",
        ],
      },
    },
  },
  {
    bug: "a lane is pruned with the first of its jobs, whatever else lies in it",
    guarantee: "G12",
    convictedBy: "prune: a fairness key keeps its lane while one of its jobs is left",
    sqlite: { edits: { PRUNE_EMPTY_LANE: ["AND NOT EXISTS", "OR NOT EXISTS"] } },
    postgres: { edits: { PRUNE_EMPTY_LANE: ["AND (SELECT", "OR (SELECT"] } },
  },
  {
    bug: "an import begins the tokens anew, so that a worker of the old store holds one that will be given out again",
    guarantee: "G2",
    convictedBy: "transfer: the token of a job goes on growing in the new store",
    sqlite: {
      edits: { IMPORT_READY: ["VALUES (?, ?, ?, ?, ?, ?, ?)", "VALUES (?1, ?2, ?3, ?4, ?5, ?5 + 0 * ?6, ?7)"] },
    },
    postgres: {
      edits: {
        IMPORT_READY: [
          ["SELECT * FROM", "SELECT a, b, c, d, e, e, g FROM"],
          ["$7::text::bigint[])", "$7::text::bigint[]) AS v (a, b, c, d, e, f, g)"],
        ],
      },
    },
  },
  {
    bug: "an import forgets counters whose numbers belong to no job",
    guarantee: "G4",
    convictedBy: "transfer: work goes on in the new store where it stood: numbers, turns, keys, due times, schedules",
    sqlite: { edits: { IMPORT_COUNTER: ["VALUES (?, ?, ?, ?)", "VALUES (?1, ?2, ?3 - ?3 * ?4, ?4)"] } },
    postgres: {
      edits: {
        IMPORT_COUNTERS: ["SELECT v.org, v.scope, v.last,", "SELECT v.org, v.scope, v.last * (NOT v.has_holes)::int,"],
      },
    },
  },
];
