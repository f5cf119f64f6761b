import { backoffDelay } from "../core/backoff.ts";
import type { Clock, Random, Timer } from "../core/clock.ts";
import { AttemptTimeoutError, CancelledError, isMillraceError, LeaseLostError, ShutdownError } from "../core/errors.ts";
import type { Handler } from "../core/handler.ts";
import type { JobError } from "../core/job-error.ts";
import { checkPayload, checkResult, type JobDefinition } from "../core/kind.ts";
import { complete, isOutcome, redactOutcome, snooze, type Outcome } from "../core/outcome.ts";
import type { Move } from "../core/settlement.ts";
import type { MaybePromise } from "../core/store.ts";
import { afterFailure, afterOutcome, afterRelease } from "../core/transition.ts";
import type { AbortReason, Attempt } from "./attempt.ts";
import type { AttemptContext } from "./context.ts";

const MAX_MESSAGE_LENGTH = 4_096;

/** What a worker does for a kind. */
export interface Registration<Client> {
  readonly definition: JobDefinition | undefined;
  readonly handler: Handler<unknown, Client>;
}

interface ExecutorOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly abortGraceMs: number;
}

/** Runs one attempt: payload check, handler, time limit, abort; answers where its ticket goes. Never throws. */
export class Executor<Client> {
  readonly #options: ExecutorOptions;

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  async run(
    attempt: Attempt,
    registration: Registration<Client> | undefined,
    context: AttemptContext<Client>,
  ): Promise<Move> {
    const { job } = attempt;
    const ended = { attempt: attempt.lease.attempt, maxAttempts: job.maxAttempts };
    if (registration === undefined) return afterOutcome(ended, snooze(unknownKindDelay(attempt.lease.token)));
    try {
      const value = await this.#call(attempt, registration, context);
      const said = outcomeOf(value, attempt, registration.definition);
      const outcome = said instanceof Promise ? await said : said;
      // An accepted cancel and a time limit outrank a value that came after them.
      if (attempt.abortReason instanceof AttemptTimeoutError) throw attempt.abortReason;
      if (attempt.completion === "in_transaction") throw new Error(ROLLED_BACK);
      const { redactor } = attempt;
      return afterOutcome(ended, redactor === undefined ? outcome : redactOutcome(outcome, redactor));
    } catch (thrown) {
      const reason = attempt.abortReason;
      if (reason instanceof ShutdownError) return afterRelease();
      const error = toJobError(
        reason instanceof AttemptTimeoutError ? reason : thrown,
        attempt,
        registration.definition,
      );
      return afterFailure(ended, error, () => this.#delay(attempt, registration.definition, error));
    }
  }

  #call(attempt: Attempt, { definition, handler }: Registration<Client>, context: AttemptContext<Client>): unknown {
    const { job } = attempt;
    const timeoutMs = job.timeoutMs ?? definition?.options.timeoutMs ?? attempt.queue.timeoutMs;
    const call = (payload: unknown): unknown => handler(payload === job.payload ? job : { ...job, payload }, context);
    const payload = definition === undefined ? job.payload : checkPayload(definition, job.payload);
    const result = payload instanceof Promise ? payload.then(call) : call(payload);
    return isThenable(result) ? this.#bound(attempt, result, timeoutMs) : result;
  }

  /**
   * The handler's promise, within its limits: at the time limit, or when somebody else ends the attempt, the signal
   * fires; a handler that goes on regardless is waited for no longer than the grace.
   */
  #bound(attempt: Attempt, result: PromiseLike<unknown>, timeoutMs: number | null): Promise<unknown> {
    const { clock, abortGraceMs } = this.#options;
    const limit =
      timeoutMs === null ? undefined : clock.after(timeoutMs, () => attempt.abort(new AttemptTimeoutError(timeoutMs)));
    let grace: Timer | undefined;
    const bounded = new Promise<unknown>((resolve, reject) => {
      attempt.onAbort((reason: AbortReason) => {
        limit?.cancel();
        const graceMs = reason instanceof LeaseLostError ? 0 : abortGraceMs;
        // A cancelled job is given its whole grace by the store, which then revokes the lease.
        if (reason instanceof CancelledError) return;
        // The second reason can only be a lost lease, which waits for nothing.
        grace?.cancel();
        grace = clock.after(graceMs, () => reject(reason), { keepAlive: true });
      });
      result.then(resolve, reject);
    });
    return bounded.finally(() => {
      limit?.cancel();
      grace?.cancel();
    });
  }

  #delay(attempt: Attempt, definition: JobDefinition | undefined, error: JobError): number {
    const policy = attempt.job.backoff ?? definition?.options.backoff ?? attempt.queue.backoff;
    if (typeof policy !== "function") return backoffDelay(policy, error.attempt, this.#options.random);
    const delayMs = unlessThrown(() => policy(error.attempt, error));
    return delayMs !== undefined && Number.isFinite(delayMs)
      ? delayMs
      : backoffDelay(attempt.queue.backoff, error.attempt, this.#options.random);
  }
}

/** What the handler returned. A result goes through the schema of its definition, unless `ctx.complete()` was before it. */
function outcomeOf(
  value: unknown,
  { completion }: Attempt,
  definition: JobDefinition | undefined,
): MaybePromise<Outcome> {
  const outcome = isOutcome(value) ? value : complete(value as never);
  if (definition?.options.output === undefined || outcome.type !== "complete" || completion !== "none") return outcome;
  const result = checkResult(definition, outcome.result);
  return result instanceof Promise ? result.then((late) => complete(late as never)) : complete(result as never);
}

/** A kind nobody here handles may be known elsewhere, or here after the next deployment; it is asked less and less. */
function unknownKindDelay(claimCount: number): number {
  return Math.min(10_000 * 2 ** (claimCount - 1), 300_000);
}

const ROLLED_BACK = "the transaction in which the job was completed was rolled back";

/** What a handler threw, as data: cut to a size, and never more than it said. */
function toJobError(thrown: unknown, { lease, redactor }: Attempt, definition: JobDefinition | undefined): JobError {
  const isError = thrown instanceof Error;
  const name = isError ? thrown.name : "NonError";
  const message = isError ? thrown.message : String(thrown);
  // First, since of a secret that is cut nobody would know the rest.
  const shown = (text: string): string => redactor?.text(text) ?? text;
  return {
    name: shown(name).slice(0, 200),
    message: shown(message).slice(0, MAX_MESSAGE_LENGTH),
    permanent: isPermanent(thrown) || unlessThrown(() => definition?.options.isPermanent?.(thrown)) === true,
    attempt: lease.attempt,
  };
}

/** Promises of libraries are not always instances of ours. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function isPermanent(thrown: unknown): boolean {
  if (isMillraceError(thrown)) return ["payload_invalid", "payload_too_large", "request_invalid"].includes(thrown.code);
  return typeof thrown === "object" && thrown !== null && "permanent" in thrown && thrown.permanent === true;
}

/** What a function of the definition says; nothing where it throws, for that must not hide why the attempt failed. */
function unlessThrown<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
