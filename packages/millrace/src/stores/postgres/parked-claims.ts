import { claimLine } from "../../core/claim-line.ts";
import type { Claim, ClaimRequest } from "../../core/store.ts";
import { NO_SLOT } from "./slots.ts";

interface Parked {
  readonly request: ClaimRequest;
  readonly line: Line;
  readonly until: AbortSignal;
  readonly answer: (claims: readonly Claim[]) => void;
  readonly refuse: (error: unknown) => void;
  /** A claim is on its way for it; when it comes back empty and there was news meanwhile, another follows. */
  isClaiming: boolean;
  hasNews: boolean;
}

/** Those that would find the same; who has just looked stands at the end. */
type Line = Set<Parked>;

/** A parked claim in the hands of who sends it along with something else. */
export interface LentClaim {
  readonly request: ClaimRequest;
  /** It came back, with this; with nothing it waits on. */
  readonly giveBack: (claims: readonly Claim[]) => void;
  /** Nobody knows what became of it. */
  readonly lose: () => void;
}

/**
 * Claims that find nothing and then wait for what this process commits. A commit sends one of each line to look, and
 * who finds something sends two more: it costs a claim for each sort of worker, and not one for each that waits.
 */
export class ParkedClaims {
  readonly #claim: (request: ClaimRequest) => Promise<readonly Claim[]>;
  readonly #lines = new Map<string, Line>();
  #isClosed = false;

  constructor(claim: (request: ClaimRequest) => Promise<readonly Claim[]>) {
    this.#claim = claim;
  }

  /** Resolves with what there is, or else with what a commit brings, or with nothing when `until` fires. */
  park(request: ClaimRequest, until: AbortSignal): Promise<readonly Claim[]> {
    return new Promise((resolve, reject) => {
      const name = claimLine(request);
      const line = this.#lines.get(name) ?? new Set();
      this.#lines.set(name, line);
      const end = (): void => {
        line.delete(parked);
        if (line.size === 0) this.#lines.delete(name);
        until.removeEventListener("abort", leave);
        // What it was to look for once more, somebody else looks for.
        if (parked.hasNews && !this.#isClosed) this.#send(line, 1);
      };
      const leave = (): void => {
        // Whoever claims for it must be heard: what it brings is held under this worker's name.
        if (!parked.isClaiming) parked.answer([]);
      };
      const parked: Parked = {
        request,
        line,
        until,
        isClaiming: false,
        hasNews: false,
        answer: (claims) => {
          end();
          if (claims.length > 0) this.#send(line, 2);
          resolve(claims);
        },
        refuse: (error) => {
          end();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      until.addEventListener("abort", leave);
      // Before it claims for the first time: a commit in between is news for it.
      line.add(parked);
      parked.hasNews = true;
      void this.#claimFor(parked);
    });
  }

  /** A commit of this process has brought tickets. */
  serve(): void {
    for (const line of this.#lines.values()) this.#send(line, 1);
  }

  /** One that waits, for who can send it in the same transaction, right behind what may serve it. */
  lend(): LentClaim | undefined {
    const parked = this.#idle();
    if (parked === undefined) return undefined;
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

  close(): void {
    this.#isClosed = true;
    for (const line of this.#lines.values()) {
      for (const parked of line) if (!parked.isClaiming) parked.answer([]);
    }
  }

  #idle(): Parked | undefined {
    for (const line of this.#lines.values()) {
      for (const parked of line) if (isLendable(parked)) return parked;
    }
    return undefined;
  }

  /** Let some of a line look who are not at it; where all are, one of them looks once more. */
  #send(line: Line, count: number): void {
    const idle = [...line].filter((parked) => !parked.isClaiming).slice(0, count);
    for (const parked of idle) {
      line.delete(parked);
      line.add(parked);
      parked.hasNews = true;
      void this.#claimFor(parked);
    }
    const [first] = line;
    if (idle.length === 0 && first !== undefined) first.hasNews = true;
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
        if (claims === NO_SLOT) {
          // It goes to wait for a slot, and somebody else looks for it.
          parked.hasNews = true;
          parked.answer([]);
          return;
        }
      }
    } catch (error) {
      parked.hasNews = true;
      parked.refuse(error);
    } finally {
      parked.isClaiming = false;
    }
  }
}

/** What has slots to count is a transaction by itself. */
function isLendable({ request, isClaiming, until }: Parked): boolean {
  return request.slots === undefined && !isClaiming && !until.aborted;
}
