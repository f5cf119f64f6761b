import type { AttemptArtifacts } from "./attempt-artifacts.ts";
import type { Job } from "./job.ts";
import type { JsonValue } from "./json.ts";
import type { Outcome } from "./outcome.ts";
import type { Secrets } from "./secrets.ts";

/**
 * The user's function for a kind. What it returns completes the job, unless it is `snooze()`, `fail()` or `cancel()`.
 * What it throws is a failed attempt: tried again after the backoff, until `maxAttempts`; a `PermanentError` is not.
 */
export type Handler<Payload = unknown, Client = unknown> = (
  job: Job<Payload>,
  ctx: HandlerContext<Client>,
) => HandlerResult | Promise<HandlerResult>;

// oxlint-disable-next-line no-invalid-void-type -- a handler that returns nothing is a handler
export type HandlerResult = JsonValue | Outcome | object | undefined | void;

/** What an attempt may ask and say while it runs. */
export interface HandlerContext<Client = unknown> {
  /**
   * Fires when the attempt should stop: its `reason` is a `LeaseLostError`, `AttemptTimeoutError`, `CancelledError` or
   * `ShutdownError`. What a handler returns after a lost lease or a cancel is dropped.
   */
  readonly signal: AbortSignal;
  /** The fencing token: pass it to systems that can refuse an older one. It only grows. */
  readonly token: number;
  /** 1 for the first try. */
  readonly attempt: number;
  /** The client, its enqueues bound to this attempt's lease: they are refused once it is gone. */
  readonly mill: Client;
  /**
   * What was given with the job as `secrets`; none is an empty object. From then on their values are taken out of what
   * the attempt logs, reports and ends with: `[secret NAME]` stands there instead.
   * @throws OptionsError when the `secretKey` that they were encrypted with is not here; the signal's reason once it has
   *   fired
   */
  secrets(): Promise<Secrets>;
  /**
   * Files of the job, under this attempt's lease. They lie with a server, so this is for workers that are connected to
   * one: `openMillrace("https://…")`.
   * @throws OptionsError in a worker that is on the store itself
   */
  readonly artifacts: AttemptArtifacts;
  /** Keep how far it is. At most ten writes a second reach the store, the last one always. */
  progress(percent: number, message?: string): void;
  /** Keep a line of the job's log. */
  log(text: string): void;
  /** As `log`, for what a child process printed. */
  output(stream: "stdout" | "stderr", text: string): void;
  /** @throws the signal's reason once it has fired */
  checkCancelled(): void;
  /**
   * Complete the job now; with `tx`, inside the caller's own transaction, so that both happen or neither.
   * What the handler returns afterwards is ignored.
   * @throws LeaseLostError when the lease is gone, PermanentError for a result that the definition's `output` refuses; with
   *   `tx` at once, so that the transaction rolls back
   */
  complete(result?: JsonValue | object, options?: { readonly tx?: unknown }): Promise<void>;
}
