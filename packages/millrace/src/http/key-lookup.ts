import type { ApiKey, ApiKeyStore } from "../core/api-key.ts";
import { Coalescer } from "../runtime/coalescer.ts";
import { systemClock } from "../runtime/platform.ts";
import { apiKeyDigest } from "./api-key.ts";

/**
 * Which API keys are good, as the store has it at that moment: nothing is remembered, so a key that was revoked, by
 * whichever process, opens nothing from the commit on. All requests of one turn of the event loop ask together.
 */
export class KeyLookup {
  readonly #opened: Coalescer<string, ApiKey | null>;
  readonly #good: Coalescer<string, boolean>;

  constructor(store: Pick<ApiKeyStore, "openApiKeys" | "areApiKeysGood">) {
    // It only reads: what fails for one fails for all.
    const isShared = (): boolean => true;
    this.#opened = new Coalescer((digests) => store.openApiKeys(digests), isShared, systemClock);
    this.#good = new Coalescer((ids) => store.areApiKeysGood(ids), isShared, systemClock);
  }

  /** The key, unless it is unknown or revoked. @throws StoreError */
  async open(key: string): Promise<ApiKey | null> {
    return this.#opened.add(apiKeyDigest(key));
  }

  /** Whether the key of this id is known and not revoked. @throws StoreError */
  async isGood(id: string): Promise<boolean> {
    return this.#good.add(id);
  }
}
