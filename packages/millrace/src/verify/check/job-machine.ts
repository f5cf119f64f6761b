import type { CancelResult, HeartbeatStatus, SettleStatus } from "../../core/store.ts";
import type { AttemptEnd } from "../history/entry.ts";

/**
 * A job as the model of docs/architecture.md has it, and nothing of how a store keeps it.
 *
 *   absent ──enqueue──► waiting ──claim──► held ──settle──► waiting | done
 *                          ▲─── lease over ──┘   ──lease over, cancel──► done ──prune──► gone
 */
export type JobState =
  | { readonly place: "absent" }
  | { readonly place: "gone" }
  | (Tokens & { readonly place: "waiting" })
  | (Tokens & { readonly place: "held"; readonly isCancelled: boolean; readonly isUnheard: boolean })
  | (Tokens & { readonly place: "done"; readonly end: Ending });

interface Tokens {
  /** Of the last claim. */
  readonly token: number;
  /** Of the claims whose workers gave the job back, be it to try again. */
  readonly returned: readonly number[];
}

export type Ending = "completed" | "failed" | "cancelled";

export const ABSENT: JobState = { place: "absent" };
const GONE: JobState = { place: "gone" };

export function keyOfState(state: JobState): string {
  switch (state.place) {
    case "absent":
    case "gone":
      return state.place;
    case "waiting":
      return `waiting ${state.token} ${state.returned.join()}`;
    case "held":
      return `held ${state.token} ${state.returned.join()} ${state.isCancelled} ${state.isUnheard}`;
    case "done":
      return `done ${state.token} ${state.returned.join()} ${state.end}`;
  }
}

/** Each answers the state after it, or `null` where the answer that was given cannot have been given. */
export type Transition = (state: JobState) => JobState | null;

export const unchanged: Transition = (state) => state;

/** Sent again after its answer was lost, it is found; after it was deleted, it is a new one. */
export const enqueued: Transition = (state) =>
  state.place === "absent" || state.place === "gone" ? { place: "waiting", token: 0, returned: [] } : state;

/** Of jobs with a key, only one that has not ended stands for another. */
export const found: Transition = (state) => (state.place === "waiting" || state.place === "held" ? state : null);

/** It had ended so, and its time was over. */
export function pruned(ends: ReadonlySet<Ending>): Transition {
  return (state) => (state.place === "done" && ends.has(state.end) ? GONE : null);
}

/**
 * Claims whose answer nobody heard may lie in between, so a token may be higher by more than one. And such an answer may
 * be given again, to the worker's next claim.
 */
export function claimed(token: number): Transition {
  return (state) => {
    if (state.place === "waiting") return token > state.token ? held(state, token, false) : null;
    return state.place === "held" && state.isUnheard && state.token === token ? { ...state, isUnheard: false } : null;
  };
}

export function heartbeat(token: number, status: HeartbeatStatus): Transition {
  return (state) => {
    const isHeld = state.place === "held" && state.token === token;
    if (status === "lost") return isHeld ? null : state;
    if (status === "locked") return isHeld ? state : null;
    return isHeld && state.isCancelled === (status === "cancel") ? state : null;
  };
}

export function reported(token: number, status: "kept" | "lost"): Transition {
  return (state) => {
    const isHeld = state.place === "held" && state.token === token;
    return isHeld === (status === "kept") ? state : null;
  };
}

export function settled({ token, to }: AttemptEnd, status: SettleStatus): Transition {
  return (state) => {
    const isHeld = state.place === "held" && state.token === token;
    switch (status) {
      case "settled":
        if (isHeld && !state.isCancelled) return after(state, to);
        // Said again after its answer was lost.
        return saidBefore(state, token, to) ? state : null;
      case "cancelled":
        if (isHeld && state.isCancelled) return done(state, "cancelled");
        return state.place === "done" && state.token === token && state.end === "cancelled" ? state : null;
      case "lost":
        return isHeld ? null : state;
    }
  };
}

/** What nobody heard the answer to: as if settled, or as if cancelled. */
export function perhapsSettled({ token, to }: AttemptEnd): Transition {
  return (state) => {
    if (state.place !== "held" || state.token !== token) return null;
    return state.isCancelled ? done(state, "cancelled") : after(state, to);
  };
}

export function cancelled(status: CancelResult["status"]): Transition {
  return (state) => {
    switch (status) {
      case "cancelled":
        if (state.place === "waiting") return done(state, "cancelled");
        return state.place === "done" && state.end === "cancelled" ? state : null;
      case "requested":
        return state.place === "held" ? { ...state, isCancelled: true } : null;
      case "finished":
        return state.place === "done" && state.end !== "cancelled" ? state : null;
      case "not_found":
        return state.place === "absent" || state.place === "gone" ? state : null;
    }
  };
}

/** What nobody heard the answer to. */
export const perhapsCancelled: Transition = (state) => {
  if (state.place === "waiting") return done(state, "cancelled");
  return state.place === "held" ? { ...state, isCancelled: true } : null;
};

/** The lease ran out; after the last attempt the job has failed. */
export function lost(token: number, isLast: boolean): Transition {
  return (state) => {
    if (state.place !== "held" || state.token !== token) return null;
    if (state.isCancelled) return done(state, "cancelled");
    return isLast ? done(state, "failed") : waiting(state);
  };
}

/** A claim took it whose answer nobody heard: its worker died, or the answer got lost. */
export const claimedUnheard: Transition = (state) =>
  state.place === "waiting" ? held(state, state.token + 1, true) : null;

/** The lease of such a claim ran out. */
export function lostUnheard(isLast: boolean): Transition {
  return (state) => (state.place === "held" && state.isUnheard ? lost(state.token, isLast)(state) : null);
}

/** Its worker gave back what it held without having heard of it. */
export const gaveBackUnheard: Transition = (state) =>
  state.place === "held" && state.isUnheard ? gaveBack(state.token)(state) : null;

/** Its worker gave back all that it held. */
export function gaveBack(token: number): Transition {
  return (state) => {
    if (state.place !== "held" || state.token !== token) return null;
    return state.isCancelled ? done(state, "cancelled") : after(state, "waiting");
  };
}

/** The worker was given its time after a cancel, and it is over. */
export const graceOver: Transition = (state) =>
  state.place === "held" && state.isCancelled ? done(state, "cancelled") : null;

/** What lies there in the end. */
export function ended(end: Ending | "waiting" | "held" | "absent"): Transition {
  return (state) => {
    const place = state.place === "done" ? state.end : state.place === "gone" ? "absent" : state.place;
    return place === end ? state : null;
  };
}

function after(state: Tokens, to: AttemptEnd["to"]): JobState {
  return to === "waiting" ? { ...waiting(state), returned: [...state.returned, state.token] } : done(state, to);
}

function held({ returned }: Tokens, token: number, isUnheard: boolean): JobState {
  return { place: "held", token, returned, isCancelled: false, isUnheard };
}

function waiting({ token, returned }: Tokens): Tokens & { readonly place: "waiting" } {
  return { place: "waiting", token, returned };
}

function done({ token, returned }: Tokens, end: Ending): JobState {
  return { place: "done", token, returned, end };
}

function saidBefore(state: JobState, token: number, to: AttemptEnd["to"]): boolean {
  if (state.place === "absent" || state.place === "gone") return false;
  if (to === "waiting") return state.returned.includes(token);
  return state.place === "done" && state.token === token && state.end === to;
}
