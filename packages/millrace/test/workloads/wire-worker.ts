import type { JobId } from "millrace";

/** A lease as it came with a claim, and the number of its job. */
export interface WireLease {
  readonly job: JobId;
  readonly token: number;
}

/** A worker that somebody wrote by hand: it asks the routes as they are. */
export class WireWorker {
  readonly id: string;
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, id: string, key: string) {
    this.#url = url;
    this.id = id;
    this.#key = key;
  }

  get key(): string {
    return this.#key;
  }

  static async register(url: string, key: string, said: object): Promise<WireWorker> {
    const { worker, key: own } = await send<{ worker: string; key: string }>(url, "POST", "/v1/workers", key, said);
    return new WireWorker(url, worker, own);
  }

  async claim(waitMs = 0, said: object = {}): Promise<readonly (WireLease & { readonly number: number | null })[]> {
    const answer = await this.#send<{ jobs: { id: JobId; number: number | null; lease: { token: number } }[] }>(
      "POST",
      "/claim",
      { max: 1, waitMs, ...said },
    );
    return answer.jobs.map(({ id, number, lease: { token } }) => ({ job: id, token, number }));
  }

  /** @param more what else the outcome needs */
  async settle({ job, token }: WireLease, outcome: string, more: object = {}): Promise<string> {
    const outcomes = [{ job, token, outcome, ...more }];
    const { statuses } = await this.#send<{ statuses: string[] }>("POST", "/settle", { outcomes });
    return statuses[0] ?? "no answer";
  }

  async leave(): Promise<number> {
    return (await this.#send<{ released: number }>("DELETE", "", undefined)).released;
  }

  /** Whether the job has it, read to its end. */
  async hasArtifact({ job, token }: WireLease, name: string): Promise<boolean> {
    const headers = { authorization: `Bearer ${this.#key}`, "x-millrace-token": String(token) };
    const answer = await fetch(`${this.#url}/v1/jobs/${job}/artifacts/${name}`, { headers });
    await answer.arrayBuffer();
    if (!answer.ok && answer.status !== 404) throw new Error(`${name} of ${job}: ${answer.status}`);
    return answer.ok;
  }

  #send<T>(method: string, path: string, body: object | undefined): Promise<T> {
    return send(this.#url, method, `/v1/workers/${this.id}${path}`, this.#key, body);
  }
}

async function send<T>(url: string, method: string, path: string, key: string, body: object | undefined): Promise<T> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const said = body === undefined ? null : JSON.stringify(body);
  const answer = await fetch(`${url}${path}`, { method, headers, body: said });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}
