import type { Claim, LeaseStore } from "../core/store.ts";

/** Claims of one worker that may be on their way at once, and somewhat more. */
const MOST_OF_A_WORKER = 8;
const MOST_WORKERS = 10_000;

/**
 * What claims were answered with, so that one whose answer was lost can be asked again under the same id. Only this
 * process knows; elsewhere the jobs come back when their leases run out.
 */
export class ClaimAnswers {
  readonly #store: Pick<LeaseStore, "heartbeat">;
  /** By worker and id, the oldest first. */
  readonly #workers = new Map<string, Map<string, readonly Claim[]>>();

  constructor(store: Pick<LeaseStore, "heartbeat">) {
    this.#store = store;
  }

  keep(worker: string, id: string, claims: readonly Claim[]): void {
    if (claims.length === 0) return;
    const answers = this.#workers.get(worker) ?? new Map<string, readonly Claim[]>();
    answers.set(id, claims);
    dropOldest(answers, MOST_OF_A_WORKER);
    this.#workers.set(worker, answers);
    dropOldest(this.#workers, MOST_WORKERS);
  }

  /** Those of the claims whose leases are good still, prolonged; `undefined` for a claim that was not answered here. */
  async again(worker: string, id: string, leaseMs: number): Promise<readonly Claim[] | undefined> {
    const claims = this.#workers.get(worker)?.get(id);
    if (claims === undefined) return undefined;
    const leases = claims.map(({ lease: { job, token } }) => ({ job, token }));
    const statuses = await this.#store.heartbeat(worker, leases, leaseMs);
    return claims.filter((_, i) => statuses[i] !== "lost");
  }

  forget(worker: string): void {
    this.#workers.delete(worker);
  }
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
