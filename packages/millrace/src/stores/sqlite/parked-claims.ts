import { claimLine } from "../../core/claim-line.ts";
import type { Claim, ClaimRequest } from "../../core/store.ts";
import { freeSlots, type Claimer } from "./claim.ts";
import type { Session } from "./session.ts";

interface Parked {
  readonly request: ClaimRequest;
  readonly line: string;
  readonly answer: (claims: readonly Claim[]) => void;
}

/**
 * Claims that found nothing and wait. A commit of this process that brings tickets serves them before it ends, so that
 * a job enqueued beside an idle worker is written and claimed by one flush to disk.
 */
export class ParkedClaims {
  readonly #claimer: Claimer;
  readonly #parked = new Set<Parked>();

  constructor(claimer: Claimer) {
    this.#claimer = claimer;
  }

  /** Resolves with what a commit brings, or with nothing when `until` fires. */
  park(request: ClaimRequest, until: AbortSignal): Promise<readonly Claim[]> {
    return new Promise((resolve) => {
      const leave = (): void => parked.answer([]);
      const parked: Parked = {
        request,
        line: claimLine(request),
        answer: (claims) => {
          this.#parked.delete(parked);
          until.removeEventListener("abort", leave);
          resolve(claims);
        },
      };
      if (until.aborted) {
        resolve([]);
        return;
      }
      until.addEventListener("abort", leave);
      this.#parked.add(parked);
    });
  }

  /** Inside a transaction that has brought tickets. Answers what is to be told after the commit. */
  serve(session: Session): () => void {
    const served: (() => void)[] = [];
    // Where one was given less than it asked for, the others of its line would find nothing.
    const dry = new Set<string>();
    for (const { request, line, answer } of this.#parked) {
      if (dry.has(line)) continue;
      const max = Math.min(request.max, freeSlots(session, request));
      const claims = max < 1 ? [] : this.#claimer.claim(session, request);
      if (claims.length < max) dry.add(line);
      // Who has no slot left waits for one, and that is not here.
      if (claims.length > 0 || max < 1) served.push(() => answer(claims));
    }
    return () => served.forEach((tell) => tell());
  }

  close(): void {
    for (const { answer } of this.#parked) answer([]);
  }
}
