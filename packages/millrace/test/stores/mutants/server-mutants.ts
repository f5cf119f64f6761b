import type { Absence, Bug, Wrap } from "./mutant.ts";
import { companionsStay } from "./sqlite-wrappers.ts";

const keptByAnybody: Wrap = (sound) => ({
  ...sound,
  keepArtifact: (artifact) => sound.keepArtifact(artifact, null),
});

const ASKED: Absence = {
  why: "whether something travels beside a job is asked when it ends, by a trigger, and not remembered",
};

/** Bugs in what a store keeps for servers: keys, artifacts, secrets. */
export const serverMutants: readonly Bug[] = [
  {
    bug: "an artifact is kept without asking for the lease under which it was sent",
    guarantee: "G2",
    convictedBy: "artifacts: an artifact sent under a lease is kept while the lease is held, and not when it is lost",
    sqlite: { wrap: keptByAnybody },
    postgres: { wrap: keptByAnybody },
  },
  {
    bug: "the secrets of a job outlive it",
    guarantee: "G8",
    convictedBy: "companions: what travels beside a job is gone when it completes",
    sqlite: { wrap: companionsStay },
    postgres: {
      edits: {
        SETTLE_COMPLETE_ACCOMPANIED: [
          "DELETE FROM millrace.companion c WHERE",
          "SELECT FROM millrace.companion c WHERE",
        ],
      },
    },
  },
  {
    bug: "the secrets of a job outlive it when it does not complete",
    guarantee: "G8",
    convictedBy: "companions: what travels beside a job is gone when the lease of its last attempt is lost",
    sqlite: { wrap: companionsStay },
    postgres: {
      edits: { SETTLE_FINISH: ["DELETE FROM millrace.companion c WHERE", "SELECT FROM millrace.companion c WHERE"] },
    },
  },
  {
    bug: "a job with secrets is not told from one without",
    guarantee: "G8",
    convictedBy: "companions: what travels beside a job is gone when it completes",
    sqlite: ASKED,
    postgres: { edits: { ENQUEUE_WRITE_ACCOMPANIED: ["coalesce(a.sealed, a.trace) IS NOT NULL", "false"] } },
  },
  {
    bug: "a revoked key still opens",
    guarantee: "G8",
    convictedBy: "api keys: a revoked key opens nothing, on any connection, and the first revocation stands",
    sqlite: { edits: { API_KEY_OPEN: ["AND revoked_at IS NULL", ""] } },
    postgres: { edits: { API_KEY_OPEN: ["AND k.revoked_at IS NULL", ""] } },
  },
  {
    bug: "what travels beside a job is given to whoever once had its lease",
    guarantee: "G2",
    convictedBy: "companions: what travels beside a job is given under the live lease only",
    sqlite: { edits: { COMPANION_UNDER_LEASE: ["r.token = ?2", "?2 IS NOT NULL"] } },
    postgres: { edits: { COMPANION_UNDER_LEASE: ["AND r.token = a.token", ""] } },
  },
  {
    bug: "a key is revoked by any organisation",
    guarantee: "G8",
    convictedBy: "api keys: a key is revoked for its own organisation, or for whoever asks for any, and for no other",
    sqlite: { edits: { API_KEY_REVOKE: ["OR org = ?1", "OR org <> ''"] } },
    postgres: { edits: { API_KEY_REVOKE: ["OR k.org = $1::text", "OR k.org <> ''"] } },
  },
  {
    bug: "an artifact is kept at a place whose bytes are about to be deleted",
    guarantee: "G3",
    convictedBy: "artifacts: a reserved place is discarded when its time is over, and not before",
    sqlite: { edits: { ARTIFACT_USE_PLACE: ["AND is_reserved = 1 AND free_at > ?", "AND ? IS NOT NULL"] } },
    postgres: { edits: { ARTIFACT_USE_PLACE: ["AND is_reserved AND free_at >", "AND 0 <"] } },
  },
  {
    bug: "a discarded place is taken by two at once",
    guarantee: "G1",
    convictedBy: "artifacts: a place that was taken comes again after its time, unless it is forgotten",
    sqlite: { edits: { ARTIFACT_TAKE_PLACES: ["free_at = ?1 + ?3", "free_at = ?1 + 0 * ?3"] } },
    postgres: { edits: { ARTIFACT_TAKE_PLACES: ["t.now + $3::text::bigint", "t.now + 0 * $3::text::bigint"] } },
  },
  {
    bug: "two processes move the cursor of a webhook on from one place, and tell everything twice",
    guarantee: "G1",
    convictedBy: "webhooks: a webhook's cursor moves on from where it stands, and from nowhere else",
    sqlite: { edits: { WEBHOOK_ADVANCE: ["AND cursor = ?2", "AND ?2 IS NOT NULL"] } },
    postgres: { edits: { WEBHOOK_ADVANCE: ["AND cursor = $2::text", "AND $2::text IS NOT NULL"] } },
  },
];
