import type { Bug } from "./mutant.ts";

/** Bugs in how something is looked up, and in what is told of it. */
export const readingMutants: readonly Bug[] = [
  {
    bug: "a key is looked up nowhere, so two live jobs can have it",
    guarantee: "G3",
    convictedBy: "keys: a live job with the key is answered instead of a second one",
    sqlite: { edits: { ENQUEUE_LIVE_KEY: ["WHERE k.org", "WHERE 0 AND k.org"] } },
    postgres: { edits: { KEY_LIVE: ["WHERE d.job IS NULL", "WHERE false"] } },
  },
  {
    bug: "a request that is sent again is not known any more",
    guarantee: "G3",
    convictedBy: "enqueue: the same ids sent again write nothing and answer existing",
    sqlite: { edits: { ENQUEUE_SENT_BEFORE: ["j.id = e.value", "j.id = e.value WHERE 0"] } },
    postgres: { edits: { ENQUEUE_SENT_BEFORE: ["WHERE id", "WHERE false AND id"] } },
  },
  {
    bug: "a number is found whoever's it is",
    guarantee: "G8",
    convictedBy: "numbers: the scopes of two organisations do not touch",
    sqlite: { edits: { READ_JOB_BY_NUMBER: ["c.org = ?1", "?1 IS NOT NULL"] } },
    postgres: {
      edits: {
        READ_JOB_BY_NUMBER: [
          ["c.org = $1::text", "$1::text IS NOT NULL"],
          ["j.scope = (SELECT", "j.scope IN (SELECT"],
          ["c.scope = $2::text))", "c.scope = $2::text) LIMIT 1)"],
        ],
      },
    },
  },
  {
    bug: "the journal tells one organisation of the jobs of another",
    guarantee: "G8",
    convictedBy: "events: an organisation hears nothing of another",
    sqlite: { edits: { EVENT_AFTER: ["AND q.org = ?3", "AND ?3 IS NOT NULL"] } },
    postgres: { edits: { EVENT_AFTER: ["AND j.org = $5::text", "AND $5::text IS NOT NULL"] } },
  },
  {
    bug: "an export reads no attempts",
    guarantee: "G3",
    convictedBy: "transfer: what is exported from one store and imported into another reads the same in both",
    sqlite: { edits: { EXPORT_ATTEMPTS: ["ORDER BY", "WHERE 0 ORDER BY"] } },
    postgres: { edits: { EXPORT_ATTEMPTS: ["WHERE a.token", "WHERE false AND a.token"] } },
  },
];
