import type { Claim, ClaimRequest } from "../../core/store.ts";

interface Parked {
  readonly request: ClaimRequest;
  readonly until: AbortSignal;
  readonly answer: (claims: readonly Claim[]) => void;
  readonly refuse: (error: unknown) => void;
  /** A claim is on its way for it; when it comes back empty and there was news meanwhile, another follows. */
  isClaiming: boolean;
  hasNews: boolean;
}

/** A parked claim in the hands of who sends it along with something else. */
export interface LentClaim {
  readonly request: ClaimRequest;
  /** It came back, with this; with nothing it waits on. */
  readonly giveBack: (claims: readonly Claim[]) => void;
  /** Nobody knows what became of it. */
  readonly lose: () => void;
}

/** Claims that find nothing and then wait for what this process commits. */
export class ParkedClaims {
  readonly #claim: (request: ClaimRequest) => Promise<readonly Claim[]>;
  readonly #parked = new Set<Parked>();
  #isClosed = false;

  constructor(claim: (request: ClaimRequest) => Promise<readonly Claim[]>) {
    this.#claim = claim;
  }

  /** Resolves with what there is, or else with what a commit brings, or with nothing when `until` fires. */
  park(request: ClaimRequest, until: AbortSignal): Promise<readonly Claim[]> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#parked.delete(parked);
        until.removeEventListener("abort", leave);
      };
      const leave = (): void => {
        // Whoever claims for it must be heard: what it brings is held under this worker's name.
        if (!parked.isClaiming) parked.answer([]);
      };
      const parked: Parked = {
        request,
        until,
        isClaiming: false,
        hasNews: false,
        answer: (claims) => {
          end();
          resolve(claims);
        },
        refuse: (error) => {
          end();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      until.addEventListener("abort", leave);
      // Before it claims for the first time: a commit in between is news for it.
      this.#parked.add(parked);
      parked.hasNews = true;
      void this.#claimFor(parked);
    });
  }

  /** A commit of this process has brought tickets. */
  serve(): void {
    for (const parked of this.#parked) {
      parked.hasNews = true;
      if (!parked.isClaiming) void this.#claimFor(parked);
    }
  }

  /** One that waits, for who can send it in the same transaction, right behind what may serve it. */
  lend(): LentClaim | undefined {
    for (const parked of this.#parked) {
      if (parked.isClaiming || parked.until.aborted) continue;
      parked.isClaiming = true;
      parked.hasNews = false;
      return {
        request: parked.request,
        giveBack: (claims) => {
          parked.isClaiming = false;
          if (claims.length > 0 || parked.until.aborted || this.#isClosed) parked.answer(claims);
          else if (parked.hasNews) void this.#claimFor(parked);
        },
        lose: () => {
          parked.hasNews = true;
          void this.#claimFor(parked);
        },
      };
    }
    return undefined;
  }

  close(): void {
    this.#isClosed = true;
    for (const parked of this.#parked) if (!parked.isClaiming) parked.answer([]);
  }

  async #claimFor(parked: Parked): Promise<void> {
    parked.isClaiming = true;
    try {
      while (parked.hasNews) {
        parked.hasNews = false;
        const claims = await this.#claim(parked.request);
        if (claims.length > 0 || parked.until.aborted || this.#isClosed) {
          parked.answer(claims);
          return;
        }
      }
    } catch (error) {
      parked.refuse(error);
    } finally {
      parked.isClaiming = false;
    }
  }
}
