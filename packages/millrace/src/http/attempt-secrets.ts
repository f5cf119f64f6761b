import { backoffDelay } from "../core/backoff.ts";
import { StoreError } from "../core/errors.ts";
import type { LeaseRef } from "../core/lease.ts";
import { Redactor } from "../core/redactor.ts";
import type { Secrets } from "../core/secrets.ts";
import type { Settlement } from "../core/settlement.ts";
import type { Claim } from "../core/store.ts";
import { afterFailure } from "../core/transition.ts";
import type { Kernel } from "../runtime/kernel.ts";
import { openSecrets } from "../runtime/sealed-secrets.ts";
import type { OutcomeBody } from "./api/workers.ts";

/** Of so many leases is remembered whether they have secrets; of others it is read again. */
const MOST_REMEMBERED = 100_000;
/** What redactors take that are kept at hand, in bytes; others are made again when they are needed. */
const REDACTOR_BYTES = 64 * 1024 * 1024;

/** A claim, and the secrets of its job; `undefined` when it has none. */
export interface HandedClaim extends Claim {
  readonly secrets?: Secrets;
}

/**
 * The secrets of what remote workers run: handed out with the claim, and taken out of all that comes back. A server
 * without the key refuses both: others may have handed out what it could not take out.
 */
export class AttemptSecrets {
  readonly #kernel: Kernel;
  /** Whether there are any, by lease, the oldest first. */
  readonly #known = new Map<string, boolean>();
  /** By lease, the one that was used last at the end. */
  readonly #redactors = new Map<string, Redactor>();
  #redactorBytes = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** The claims with their secrets. What cannot be decrypted here is not handed out: that attempt has failed. */
  async handOut(claims: readonly Claim[]): Promise<readonly HandedClaim[]> {
    const { store, vault } = this.#kernel;
    if (claims.length === 0) return claims;
    const companions = await store.companions(claims.map(({ lease }) => refOf(lease)));
    const handed: HandedClaim[] = [];
    const failed: Settlement[] = [];
    claims.forEach((claim, i) => {
      const sealed = companions[i]?.sealed ?? null;
      this.#know(claim.lease, sealed !== null);
      if (sealed === null) {
        handed.push(claim);
        return;
      }
      try {
        handed.push({ ...claim, secrets: openSecrets(vault, claim.job, sealed) });
      } catch (error) {
        failed.push(this.#failureOf(claim, error));
      }
    });
    if (failed.length > 0) await store.settle(failed);
    return handed;
  }

  /**
   * What takes the secrets out of what is said under each lease; `undefined` where there is nothing to take out.
   * @throws StoreError when this server cannot decrypt them, and so cannot find them
   */
  async redactorsOf(
    org: string,
    leases: readonly (LeaseRef | undefined)[],
  ): Promise<readonly (Redactor | undefined)[]> {
    const found = leases.map((lease) => (lease === undefined ? undefined : this.#recall(lease)));
    const unread = leases.filter(
      (lease, i) => lease !== undefined && found[i] === undefined && this.#known.get(keyOf(lease)) !== false,
    );
    if (unread.length === 0) return found;
    const read = await this.#read(org, unread as readonly LeaseRef[]);
    return leases.map((lease, i) => found[i] ?? (lease === undefined ? undefined : read.get(keyOf(lease))));
  }

  /** The same outcomes without secrets. */
  async redactOutcomes(org: string, outcomes: readonly OutcomeBody[]): Promise<readonly OutcomeBody[]> {
    const redactors = await this.redactorsOf(org, outcomes.map(refOf));
    return outcomes.map((said, i) => (redactors[i] === undefined ? said : redacted(said, redactors[i])));
  }

  /** Leases that are over. */
  forget(leases: readonly LeaseRef[]): void {
    for (const lease of leases) {
      this.#known.delete(keyOf(lease));
      this.#drop(keyOf(lease));
    }
  }

  async #read(org: string, leases: readonly LeaseRef[]): Promise<ReadonlyMap<string, Redactor>> {
    const { store, vault } = this.#kernel;
    const companions = await store.companions(leases);
    const sealed = leases.flatMap((lease, i) => {
      const text = companions[i]?.sealed ?? null;
      this.#know(lease, text !== null);
      return text === null ? [] : [{ lease, text }];
    });
    const jobs = sealed.length === 0 ? [] : await store.get(sealed.map(({ lease }) => lease.job));
    const redactors = new Map<string, Redactor>();
    sealed.forEach(({ lease, text }, i) => {
      const job = jobs[i] ?? null;
      // Of another organisation; nothing that is said of it will be kept.
      if (job === null || job.org !== org || redactors.has(keyOf(lease))) return;
      try {
        redactors.set(keyOf(lease), new Redactor(openSecrets(vault, job, text)));
      } catch (cause) {
        const message =
          "the job has secrets that this server cannot decrypt, and so not keep out of what is said of it";
        throw new StoreError("store_unavailable", message, { cause });
      }
    });
    for (const [key, redactor] of redactors) this.#keep(key, redactor);
    return redactors;
  }

  #failureOf({ job, lease, queue }: Claim, error: unknown): Settlement {
    const { random, logger } = this.#kernel;
    logger.error({ error, job: job.id }, "a job was not handed out: its secrets cannot be decrypted");
    const { attempt } = lease;
    const message = `the secrets of the job cannot be decrypted: ${error instanceof Error ? error.message : String(error)}`;
    const failure = { name: "SecretsError", message, permanent: false, attempt };
    const delayMs = (): number => backoffDelay(job.backoff ?? queue.backoff, attempt, random);
    return { ...refOf(lease), move: afterFailure({ attempt, maxAttempts: job.maxAttempts }, failure, delayMs) };
  }

  #know(lease: LeaseRef, hasSecrets: boolean): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(keyOf(lease), hasSecrets);
  }

  #recall(lease: LeaseRef): Redactor | undefined {
    const key = keyOf(lease);
    const redactor = this.#redactors.get(key);
    if (redactor === undefined) return undefined;
    this.#redactors.delete(key);
    this.#redactors.set(key, redactor);
    return redactor;
  }

  #keep(key: string, redactor: Redactor): void {
    this.#drop(key);
    this.#redactors.set(key, redactor);
    this.#redactorBytes += redactor.size;
    for (const oldest of this.#redactors.keys()) {
      if (this.#redactorBytes <= REDACTOR_BYTES) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#redactorBytes -= this.#redactors.get(key)?.size ?? 0;
    this.#redactors.delete(key);
  }
}

function keyOf({ job, token }: LeaseRef): string {
  return `${job} ${token}`;
}

function refOf({ job, token }: { readonly job: string; readonly token: number }): LeaseRef {
  return { job: job as LeaseRef["job"], token };
}

function redacted(said: OutcomeBody, redactor: Redactor): OutcomeBody {
  switch (said.outcome) {
    case "complete":
      return { ...said, result: redactor.value(said.result) };
    case "fail":
      return said.error === undefined ? said : { ...said, error: redactor.value(said.error) as typeof said.error };
    case "cancel":
      return said.reason === undefined ? said : { ...said, reason: redactor.text(said.reason) };
    case "snooze":
    case "release":
      return said;
  }
}
