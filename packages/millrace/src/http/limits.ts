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
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  bodyBytes: 4 * 1024 * 1024,
  bodyMs: 30_000,
  requestsPerMinute: 60_000,
  streams: 2_000,
  longPolls: 2_000,
});
