import type { Abilities } from "./abilities.ts";

/** How long the crew's leases are. Short, so that many run out. */
export const LEASE_MS = 1_000;
export const HEARTBEAT_MS = 250;
/** How long a running job may go on after its cancel. */
export const CANCEL_GRACE_MS = 1_500;

/** What a process of the crew is started with. */
export interface CrewInput {
  /** Apart from all others of the drive, those before it in its place too. */
  readonly name: string;
  /** Which it shares with those before it. */
  readonly place: string;
  readonly url: string;
  readonly key: string | null;
  readonly seed: number;
  readonly places: Places;
  readonly abilities: Abilities;
  /** Handlers that a worker runs at once. */
  readonly slots: number;
  readonly labels: readonly string[];
  /** Jobs that a producer adds, as far as it is left in peace. */
  readonly quota: number;
  /** Jobs that wait before a producer waits too. */
  readonly backlog: number;
}

/** Names of the queues and scopes of a drive. */
export interface Places {
  readonly main: string;
  /** Paused at times. */
  readonly side: string;
  /** Its finished jobs are deleted at once. */
  readonly brief: string;
  /** Its jobs have no numbers. */
  readonly plain: string;
  readonly timed: string;
  readonly scopes: readonly string[];
  /** A scope whose numbers are no jobs', but a caller's own. */
  readonly bills: string;
}

/** @param prefix sets them apart from those of others, where a drive has no ground of its own */
export function placesOf(prefix: string): Places {
  const named = (name: string): string => `${prefix}${name}`;
  return {
    main: named("main"),
    side: named("side"),
    brief: named("brief"),
    plain: named("plain"),
    timed: named("timed"),
    scopes: ["alpha", "beta", "gamma"].map(named),
    bills: named("bills"),
  };
}

export function queuesOf({ main, side, brief, plain, timed }: Places): readonly string[] {
  return [main, side, brief, plain, timed];
}

export type FromCrew =
  | { readonly type: "started" }
  /** Since it said so before: jobs that it added, or handlers that it ran to their end. */
  | { readonly type: "did"; readonly count: number };

export interface ToCrew {
  /** End politely. */
  readonly type: "leave";
}
