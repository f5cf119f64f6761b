import { countProblem, unknownKeys, type Problem } from "../core/options.ts";

/** What a client may ask of the server. */
export interface Limits {
  /** Bytes of a JSON body. */
  readonly bodyBytes: number;
  /** How long a JSON body may take to arrive, in milliseconds. */
  readonly bodyMs: number;
  /** Requests a minute for each key; the first of them all at once, if need be. */
  readonly requestsPerMinute: number;
  /** Streams of events and logs that are open at once. */
  readonly streams: number;
  /** Claims that wait at once. */
  readonly longPolls: number;
  /** Bytes of an artifact. */
  readonly artifactBytes: number;
  /** How long the sender of an artifact may be silent, in milliseconds; how long it takes in all is up to it. */
  readonly artifactSilenceMs: number;
  /** Artifacts of a job. */
  readonly artifactsPerJob: number;
  /** Artifacts on their way at once, in both directions. */
  readonly transfers: number;
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  bodyBytes: 4 * 1024 * 1024,
  bodyMs: 30_000,
  requestsPerMinute: 60_000,
  streams: 2_000,
  longPolls: 2_000,
  artifactBytes: 1024 * 1024 * 1024,
  artifactSilenceMs: 60_000,
  artifactsPerJob: 1_000,
  transfers: 200,
});

/** What is wrong with limits that somebody gave. */
export function limitProblems(limits: Partial<Limits>): readonly Problem[] {
  return [
    ...unknownKeys(limits, Object.keys(DEFAULT_LIMITS), "limits"),
    // With none at all nobody could do anything; of the others, none is a choice.
    ...Object.entries(limits).map(([name, value]) =>
      countProblem(value, `limits.${name}`, name === "requestsPerMinute" ? 1 : 0),
    ),
  ];
}
