import { isMillraceError, StoreError } from "../../core/errors.ts";
import { countProblem, durationProblem, refuseOptions } from "../../core/options.ts";
import { errorOfAnswer, errorOfProblem } from "./answer-error.ts";
import type { Problem } from "./problem.ts";

export interface ClientOptions {
  /** Where the server is, such as `https://jobs.example.com`; a path before `/v1` may follow. */
  readonly url: string;
  /** An API key or a JWT. */
  readonly key: string;
  /** How long a call may take, all of its tries together, in milliseconds. @default 30_000 */
  readonly timeoutMs?: number;
  /** How often a request is sent at most. Only what is safe to repeat is. @default 3 */
  readonly tries?: number;
  /** @default the `fetch` of the platform */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** What holds for one call. */
export interface CallOptions {
  /** Ends the call with its reason. What was asked for may have been done all the same. */
  readonly signal?: AbortSignal;
  /** Instead of the client's own. */
  readonly timeoutMs?: number;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  /** Doing it twice is the same as doing it once. */
  readonly isRepeatable: boolean;
}

/** What the server says before it does anything: all else may have been done although no answer came. */
const NOTHING_DONE: ReadonlySet<unknown> = new Set(["rate_limited", "too_many_streams", "shutting_down"]);
const FIRST_PAUSE_MS = 100;

/** Sends requests, and again where that is safe, within a time. */
export class Transport {
  readonly #url: string;
  readonly #key: string;
  readonly #timeoutMs: number;
  readonly #tries: number;
  readonly #fetch: (request: Request) => Promise<Response>;

  /** @throws OptionsError with everything that is wrong */
  constructor({
    url,
    key,
    timeoutMs = 30_000,
    tries = 3,
    fetch = async (request) => globalThis.fetch(request),
  }: ClientOptions) {
    refuseOptions([
      typeof url === "string" && /^https?:/i.test(url) && URL.canParse(url)
        ? undefined
        : "url must be an http or https URL",
      typeof key === "string" && /^\S+$/.test(key) ? undefined : "key must be text without spaces",
      durationProblem(timeoutMs, "timeoutMs"),
      countProblem(tries, "tries"),
    ]);
    this.#url = url.replace(/\/+$/, "");
    this.#key = key;
    this.#timeoutMs = timeoutMs;
    this.#tries = tries;
    this.#fetch = fetch;
  }

  /**
   * The JSON of the answer.
   * @throws MillraceError as the server says; StoreError `store_unavailable` when it does not answer, or not in time
   */
  async send<T>(call: Call, { signal, timeoutMs = this.#timeoutMs }: CallOptions = {}): Promise<T> {
    const endsAt = Date.now() + timeoutMs;
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    for (let tried = 1; ; tried++) {
      try {
        return await this.#once<T>(call, either);
      } catch (error) {
        signal?.throwIfAborted();
        if (timeout.aborted) throw this.#silent(`has not answered within ${timeoutMs} ms`, error);
        const pauseMs = pauseAfter(error, tried);
        const mayRepeat = call.isRepeatable ? isMillraceError(error) && error.retryable : isUndone(error);
        if (!mayRepeat || tried >= this.#tries || Date.now() + pauseMs >= endsAt) throw error;
        await pause(pauseMs, either);
        signal?.throwIfAborted();
      }
    }
  }

  async #once<T>(call: Call, signal: AbortSignal): Promise<T> {
    const request = this.#requestOf(call, signal);
    let response: Response;
    let text: string;
    try {
      response = await this.#fetch(request);
      text = await response.text();
    } catch (error) {
      throw this.#silent("cannot be reached", error);
    }
    const said = parsed(text);
    if (response.ok && said !== undefined) return said as T;
    if (response.status === 204) return undefined as T;
    if (!response.ok && isProblem(said)) throw errorOfProblem(withPause(said, response.headers.get("retry-after")));
    throw errorOfAnswer(response.status, this.#url);
  }

  #requestOf({ method, path, query = {}, body }: Call, signal: AbortSignal): Request {
    const parameters = Object.entries(query).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value])
        .filter((one) => one !== undefined && one !== null)
        .map((one): [string, string] => [name, String(one)]),
    );
    const search = parameters.length === 0 ? "" : `?${new URLSearchParams(parameters).toString()}`;
    const headers = new Headers({ Authorization: `Bearer ${this.#key}`, Accept: "application/json" });
    if (body !== undefined) headers.set("Content-Type", "application/json");
    const text = body === undefined ? null : JSON.stringify(body);
    return new Request(`${this.#url}${path}${search}`, { method, headers, body: text, signal });
  }

  #silent(what: string, cause: unknown): StoreError {
    return new StoreError("store_unavailable", `the server at ${this.#url} ${what}`, { cause });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(said: unknown): said is Problem {
  return typeof said === "object" && said !== null && "code" in said && "detail" in said && "status" in said;
}

function withPause(problem: Problem, retryAfter: string | null): Problem {
  const seconds = Number(retryAfter ?? Number.NaN);
  if (!(seconds >= 0)) return problem;
  return { ...problem, details: { ...problem.details, retryAfterMs: seconds * 1_000 } };
}

function isUndone(error: unknown): boolean {
  return isMillraceError(error) && NOTHING_DONE.has(error.details["problem"]);
}

/** As the server says, or twice as long each time, and never for all clients at the same moment. */
function pauseAfter(error: unknown, tried: number): number {
  const told = isMillraceError(error) ? error.details["retryAfterMs"] : undefined;
  const usual = FIRST_PAUSE_MS * 2 ** (tried - 1) * (0.5 + Math.random());
  return typeof told === "number" ? told + usual : usual;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
