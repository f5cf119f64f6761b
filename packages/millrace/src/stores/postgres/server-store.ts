import type { ApiKeyStore } from "../../core/api-key.ts";
import type { ArtifactStore } from "../../core/artifact.ts";
import type { CompanionStore } from "../../core/companion.ts";
import type { JobId } from "../../core/job.ts";
import type { LateReportStore } from "../../core/late-report.ts";
import type { WebhookStore } from "../../core/webhook.ts";
import { addApiKey, areApiKeysGood, openApiKeys, readApiKeys, revokeApiKey } from "./api-keys.ts";
import {
  discardPlace,
  forgetPlaces,
  keepArtifact,
  readArtifact,
  readArtifacts,
  reservePlace,
  takeDiscardedPlaces,
} from "./artifacts.ts";
import { readCompanions } from "./companions.ts";
import { keepLateReport, readLateReports } from "./late-reports.ts";
import type { Session } from "./session.ts";
import { addWebhook, advanceWebhook, readWebhooks, removeWebhook } from "./webhooks.ts";

type Call = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

/** How the calls reach the database. */
interface Calls {
  /** One statement, a transaction by itself. */
  readonly single: Call;
  /** Likewise, where nobody can tell afterwards whether it was done: not sent a second time. */
  readonly once: Call;
  readonly transaction: Call;
  /** Jobs that were claimed here. */
  readonly held: ReadonlyMap<JobId, { readonly hasCompanion: boolean }>;
}

/** What a store keeps for servers. */
export function serverStore({
  single,
  once,
  transaction,
  held,
}: Calls): ApiKeyStore & ArtifactStore & CompanionStore & LateReportStore & WebhookStore {
  return {
    addApiKey: (key) => single((session) => addApiKey(session, key)),
    apiKeys: (org) => single((session) => readApiKeys(session, org)),
    openApiKeys: (digests) => single((session) => openApiKeys(session, digests)),
    areApiKeysGood: (ids) => single((session) => areApiKeysGood(session, ids)),
    revokeApiKey: (org, id) => single((session) => revokeApiKey(session, org, id)),

    reservePlace: (place, ms) => single((session) => reservePlace(session, place, ms)),
    discardPlace: (place) => single((session) => discardPlace(session, place)),
    keepArtifact: (artifact, under) => transaction((session) => keepArtifact(session, artifact, under)),
    artifacts: (job) => single((session) => readArtifacts(session, job)),
    artifact: (job, name) => single((session) => readArtifact(session, job, name)),
    takeDiscardedPlaces: (limit, ms) => single((session) => takeDiscardedPlaces(session, limit, ms)),
    forgetPlaces: (places) => single((session) => forgetPlaces(session, places)),

    companions: (leases) => single((session) => readCompanions(session, leases, held)),

    keepLateReport: (late) => transaction((session) => keepLateReport(session, late)),
    lateReports: (job) => single((session) => readLateReports(session, job)),

    addWebhook: (webhook) => single((session) => addWebhook(session, webhook)),
    webhooks: (org) => single((session) => readWebhooks(session, org)),
    removeWebhook: (org, id) => single((session) => removeWebhook(session, org, id)),
    advanceWebhook: (id, from, to) => once((session) => advanceWebhook(session, id, from, to)),
  };
}
