import { isMillraceError, StoreError, type MillraceError } from "../../core/errors.ts";
import { countProblem, durationProblem, refuseOptions, type Problem } from "../../core/options.ts";
import { errorOfAnswer, errorOfProblem } from "./answer-error.ts";
import type { Problem as ProblemBody } from "./problem.ts";

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
  /** Instead of the client's own. */
  readonly key?: string;
  /** The trace that it is a part of, as a W3C `traceparent`. */
  readonly trace?: string | null;
  /** Since it was sent for the first time, if it was and nobody heard what became of it. */
  readonly sentMsAgo?: number | undefined;
}

/** A stream of server-sent events to be opened. */
interface StreamCall {
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  /** Where it was left. */
  readonly lastEventId: string | null;
}

/** Bytes to be sent, or asked for. */
interface ByteCall {
  readonly method: "GET" | "PUT";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
  /** Instead of the client's own. */
  readonly key?: string;
}

/** What the server says before it does anything: all else may have been done although no answer came. */
const NOTHING_DONE: ReadonlySet<unknown> = new Set(["rate_limited", "too_many_streams", "shutting_down"]);
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

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
      urlProblem(url),
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
    let lostAt: number | undefined;
    for (let tried = 1; ; tried++) {
      const now = performance.now();
      try {
        const again = lostAt === undefined ? call : { ...call, sentMsAgo: (call.sentMsAgo ?? 0) + now - lostAt };
        return await this.#once<T>(again, either);
      } catch (error) {
        if (!isUndone(error)) lostAt ??= now;
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

  /**
   * The body of a stream, once there is an answer; from then on it goes on until the signal fires.
   * @throws as `send`
   */
  async open({ path, query, lastEventId }: StreamCall, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.#timeoutMs);
    const request = this.#requestOf(
      { method: "GET", path, query, isRepeatable: true },
      AbortSignal.any([signal, late.signal]),
    );
    request.headers.set("Accept", "text/event-stream");
    if (lastEventId !== null) request.headers.set("Last-Event-ID", lastEventId);
    try {
      const response = await this.#reach(() => this.#fetch(request));
      if (response.ok && response.body !== null) return response.body as ReadableStream<Uint8Array>;
      throw this.#refusalOf(response, await this.#reach(() => response.text()));
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * The answer to bytes, or with bytes. Sent once. What is only read is answered in time, however long its body takes;
   * what is sent takes as long as it takes, unless `timeoutMs` is given.
   * @throws as `send`
   */
  async exchange(
    { method, path, headers, body, key = this.#key }: ByteCall,
    { signal, timeoutMs }: CallOptions,
  ): Promise<Response> {
    const late = new AbortController();
    const limitMs = timeoutMs ?? (body === null ? this.#timeoutMs : undefined);
    const timer = limitMs === undefined ? undefined : setTimeout(() => late.abort(), limitMs);
    const init = {
      method,
      headers: { Authorization: `Bearer ${key}`, ...headers },
      body,
      signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
      duplex: "half",
    };
    try {
      const response = await this.#fetch(new Request(`${this.#url}${path}`, init as RequestInit));
      if (response.ok) return response;
      throw this.#refusalOf(response, await response.text());
    } catch (error) {
      signal?.throwIfAborted();
      if (isMillraceError(error)) throw error;
      if (late.signal.aborted) throw this.#silent(`has not answered within ${limitMs} ms`, error);
      throw this.#silent("cannot be reached", error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #once<T>(call: Call, signal: AbortSignal): Promise<T> {
    const request = this.#requestOf(call, signal);
    const response = await this.#reach(() => this.#fetch(request));
    const text = await this.#reach(() => response.text());
    if (response.status === 204) return undefined as T;
    const said = response.ok ? parsed(text) : undefined;
    if (said === undefined) throw this.#refusalOf(response, text);
    return said as T;
  }

  async #reach<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw this.#silent("cannot be reached", error);
    }
  }

  #refusalOf(response: Response, text: string): MillraceError {
    const said = parsed(text);
    if (response.ok || !isProblem(said)) return errorOfAnswer(response.status, this.#url);
    return errorOfProblem(withPause(said, response.headers.get("retry-after")));
  }

  #requestOf(
    { method, path, query = {}, body, key = this.#key, trace = null, sentMsAgo }: Call,
    signal: AbortSignal,
  ): Request {
    const parameters = Object.entries(query).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value])
        .filter((one) => one !== undefined && one !== null)
        .map((one): [string, string] => [name, String(one)]),
    );
    const search = parameters.length === 0 ? "" : `?${new URLSearchParams(parameters).toString()}`;
    const headers = new Headers({ Authorization: `Bearer ${key}`, Accept: "application/json" });
    if (body !== undefined) headers.set("Content-Type", "application/json");
    if (trace !== null) headers.set("traceparent", trace);
    if (sentMsAgo !== undefined) headers.set("X-Millrace-Sent-Ms-Ago", String(Math.round(sentMsAgo)));
    const text = body === undefined ? null : JSON.stringify(body);
    return new Request(`${this.#url}${path}${search}`, { method, headers, body: text, signal });
  }

  #silent(what: string, cause: unknown): StoreError {
    return new StoreError("store_unavailable", `the server at ${this.#url} ${what}`, { cause });
  }
}

function urlProblem(url: unknown): Problem {
  const parts = typeof url === "string" && /^https?:/i.test(url) ? URL.parse(url) : null;
  if (parts === null) return "url must be an http or https URL";
  const { username, password, search, hash } = parts;
  return username + password + search + hash === ""
    ? undefined
    : "url must be an address and a path, without a user, a query or a fragment";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(said: unknown): said is ProblemBody {
  return typeof said === "object" && said !== null && "code" in said && "detail" in said && "status" in said;
}

function withPause(problem: ProblemBody, retryAfter: string | null): ProblemBody {
  const seconds = Number(retryAfter ?? Number.NaN);
  if (!(seconds >= 0)) return problem;
  return { ...problem, details: { ...problem.details, retryAfterMs: seconds * 1_000 } };
}

function isUndone(error: unknown): boolean {
  return isMillraceError(error) && NOTHING_DONE.has(error.details["problem"]);
}

/** As the server says, or twice as long each time up to a second, and never for all clients at the same moment. */
function pauseAfter(error: unknown, tried: number): number {
  const told = isMillraceError(error) ? error.details["retryAfterMs"] : undefined;
  const usual = Math.min(FIRST_PAUSE_MS * 2 ** (tried - 1), LONGEST_PAUSE_MS) * (0.5 + Math.random());
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
