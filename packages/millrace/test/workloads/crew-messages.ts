/** What the parent asks of a process of the crew. Every request is answered by one message. */
export type Task =
  /** Open a client for all callers of the process. */
  | { readonly task: "open"; readonly place: Place }
  /** Load these acts and get the callers ready; answered when nothing is left to do but to begin. */
  | { readonly task: "prepare"; readonly module: string; readonly act: string; readonly callers: readonly Caller[] }
  /** Let all callers begin at once; answered when the last has ended. */
  | { readonly task: "go" }
  /** Serve a store over HTTP. */
  | { readonly task: "serve"; readonly store: string; readonly options: ServedWith }
  /** Stop serving, close everything, be ready for the next store. */
  | { readonly task: "close" };

export type Answer =
  | { readonly type: "started" }
  | { readonly type: "done" }
  | { readonly type: "serving"; readonly url: string }
  | { readonly type: "ended"; readonly answers: readonly CallerAnswer[] }
  | { readonly type: "error"; readonly text: string };

/** Where a caller is. */
export interface Place {
  /** The store itself. */
  readonly store: string;
  /** What the client is opened on: the store, or a server. */
  readonly url: string;
  /** What it takes to open it. */
  readonly options: { readonly key: string } | { readonly secretKey: string };
}

export interface Caller {
  /** Its place among all callers of the round, from 0. */
  readonly index: number;
  readonly input: unknown;
  readonly seed: number;
}

/** What a caller ended with. */
export type CallerAnswer =
  { readonly index: number; readonly value: unknown } | { readonly index: number; readonly error: string };

/** What a server is started with. */
export interface ServedWith {
  readonly apiKey: string;
  readonly jwtSecret: string;
  readonly secretKey: string;
  readonly artifacts: string;
  readonly leaseMs?: number;
}
