import type { AttemptArtifacts } from "../core/attempt-artifacts.ts";
import { InputError, LeaseLostError, OptionsError } from "../core/errors.ts";
import type { HandlerContext } from "../core/handler.ts";
import { checkResult, type JobDefinition } from "../core/kind.ts";
import { complete, redactOutcome } from "../core/outcome.ts";
import { Redactor } from "../core/redactor.ts";
import type { Secrets } from "../core/secrets.ts";
import type { SettleStatus, Store } from "../core/store.ts";
import { afterOutcome } from "../core/transition.ts";
import type { Attempt } from "./attempt.ts";
import type { Reporter } from "./reporter.ts";
import { openSecrets } from "./sealed-secrets.ts";
import type { Vault } from "./vault.ts";

interface ContextParts<Client> {
  readonly reporter: Reporter;
  readonly store: Store;
  readonly vault: Vault | undefined;
  /** What the worker has its handler for; none for a kind by its name. */
  readonly definition: JobDefinition | undefined;
  readonly bind: () => Client;
}

/** What a handler holds while it runs. A class with getters: what is not asked for is not made. */
export class AttemptContext<Client> implements HandlerContext<Client> {
  readonly #attempt: Attempt;
  readonly #reporter: Reporter;
  readonly #store: Store;
  readonly #vault: Vault | undefined;
  readonly #definition: JobDefinition | undefined;
  readonly #bind: () => Client;
  #client: Client | undefined;
  #secrets: Promise<Secrets> | undefined;

  constructor(attempt: Attempt, parts: ContextParts<Client>) {
    this.#attempt = attempt;
    this.#reporter = parts.reporter;
    this.#store = parts.store;
    this.#vault = parts.vault;
    this.#definition = parts.definition;
    this.#bind = parts.bind;
  }

  get signal(): AbortSignal {
    return this.#attempt.signal;
  }

  get token(): number {
    return this.#attempt.lease.token;
  }

  get attempt(): number {
    return this.#attempt.lease.attempt;
  }

  get mill(): Client {
    return (this.#client ??= this.#bind());
  }

  secrets(): Promise<Secrets> {
    if (this.#secrets === undefined) {
      const reading = this.#readSecrets();
      this.#secrets = reading;
      // After an outage, who asks again is answered.
      reading.catch(() => (this.#secrets = undefined));
    }
    return this.#secrets;
  }

  get artifacts(): AttemptArtifacts {
    const { lease, signal } = this.#attempt;
    const artifacts = this.#store.artifactsUnder?.({ job: lease.job, token: lease.token }, signal);
    if (artifacts !== undefined) return artifacts;
    throw new OptionsError(
      "ctx.artifacts: artifacts lie with a server, and this worker is on the store itself; open the client on the server's address",
    );
  }

  progress(percent: number, message?: string): void {
    this.#reporter.progress(this.#attempt, percent, message === undefined ? null : this.#redacted(message));
  }

  log(text: string): void {
    this.output("log", text);
  }

  output(stream: "log" | "stdout" | "stderr", text: string): void {
    for (const line of this.#redacted(text).split("\n")) this.#reporter.line(this.#attempt, stream, line);
  }

  checkCancelled(): void {
    if (this.#attempt.abortReason !== undefined) throw this.#attempt.abortReason;
  }

  // Not async: with a synchronous transaction the write is done, or has thrown, when this returns.
  complete(result?: unknown, options: { readonly tx?: unknown } = {}): Promise<void> {
    const checked = this.#definition === undefined ? result : checkResult(this.#definition, result);
    if (!(checked instanceof Promise)) return this.#complete(checked, options);
    if (options.tx === undefined) return checked.then((late) => this.#complete(late, options));
    throw new InputError("request_invalid", SYNCHRONOUS);
  }

  #complete(result: unknown, options: { readonly tx?: unknown }): Promise<void> {
    const attempt = this.#attempt;
    const { job, token, attempt: number } = attempt.lease;
    const ended = { attempt: number, maxAttempts: attempt.job.maxAttempts };
    const outcome = complete(result as never);
    const { redactor } = attempt;
    const move = afterOutcome(ended, redactor === undefined ? outcome : redactOutcome(outcome, redactor));
    const settlement = { job, token, move };
    const accept = ([status]: readonly SettleStatus[], completion: "settled" | "in_transaction"): void => {
      if (status !== "settled") throw new LeaseLostError(`the job ${job} could not be completed: its lease is gone`);
      attempt.completion = completion;
    };
    if (options.tx === undefined) {
      return this.#reporter
        .flush([attempt])
        .then(() => this.#store.settle([settlement]))
        .then((statuses) => accept(statuses, "settled"));
    }
    const within = this.#store.within(options.tx);
    // What was said before belongs to the same transaction: after it, the token is no longer good for anything.
    const report = this.#reporter.take(attempt);
    const kept = report === undefined ? [] : within.report([report]);
    if (kept instanceof Promise) {
      return kept.then(() => within.settle([settlement])).then((statuses) => accept(statuses, "in_transaction"));
    }
    const statuses = within.settle([settlement]);
    if (statuses instanceof Promise) return statuses.then((late) => accept(late, "in_transaction"));
    accept(statuses, "in_transaction");
    return Promise.resolve();
  }

  async #readSecrets(): Promise<Secrets> {
    const { lease, job } = this.#attempt;
    const [companion = null] = await this.#store.companions([{ job: lease.job, token: lease.token }]);
    // A lease that is gone has none either.
    this.checkCancelled();
    if (companion === null || companion.sealed === null) return {};
    const secrets = openSecrets(this.#vault, job, companion.sealed);
    this.#attempt.redactor = new Redactor(secrets);
    return secrets;
  }

  #redacted(text: string): string {
    return this.#attempt.redactor?.text(text) ?? text;
  }
}

const SYNCHRONOUS = "the schema of the result checks asynchronously; inside a transaction it must be synchronous";
