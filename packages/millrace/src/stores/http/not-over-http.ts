import { OptionsError } from "../../core/errors.ts";
import type { Store, UpkeepResult } from "../../core/store.ts";

/** What the server does by itself: there is nothing to do here. */
async function nothingToDo(): Promise<UpkeepResult> {
  return { count: 0, nextInMs: null };
}

export const UPKEEP = {
  promote: nothingToDo,
  rescue: nothingToDo,
  prune: nothingToDo,
  fireSchedules: nothingToDo,
} as const satisfies Partial<Store>;

/** What takes the data itself: @throws OptionsError, each by its name. */
export const REFUSED = {
  within: () => refuse("a transaction of your own"),
  number: refused("number()"),
  adoptNumbers: refused("adoptNumbers()"),
  audit: refused("verify()"),
  diagnose: refused("diagnose()"),
  openExport: refused("an export"),
  openImport: refused("an import"),
  migrate: refused("migrate()"),
  addApiKey: refused("making a key"),
  apiKeys: refused("listing keys"),
  openApiKeys: refused("checking keys"),
  areApiKeysGood: refused("checking keys"),
  revokeApiKey: refused("revoking a key"),
  reservePlace: refused("keeping artifacts"),
  discardPlace: refused("keeping artifacts"),
  keepArtifact: refused("keeping artifacts"),
  artifacts: refused("listing artifacts"),
  artifact: refused("reading an artifact"),
  takeDiscardedPlaces: refused("keeping artifacts"),
  forgetPlaces: refused("keeping artifacts"),
  claimJob: refused("claiming by hand"),
  keepLateReport: refused("keeping a late report"),
  lateReports: refused("reading late reports"),
  addWebhook: refused("adding a webhook"),
  webhooks: refused("listing webhooks"),
  removeWebhook: refused("removing a webhook"),
  advanceWebhook: refused("sending webhooks"),
} as const satisfies Partial<Store>;

function refused(what: string): () => Promise<never> {
  return async () => refuse(what);
}

function refuse(what: string): never {
  throw new OptionsError(`${what} works on the store itself, and not over HTTP: open the store where the server is`);
}
