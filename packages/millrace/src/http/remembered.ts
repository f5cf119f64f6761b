const MOST_ORGS = 1_000;

interface Entry<T> {
  readonly value: Promise<T>;
  readonly until: number;
}

/** What was read of an organisation a moment ago, so that a crowd of requests reads it once. */
export class Remembered<T> {
  readonly #read: (org: string) => Promise<T>;
  readonly #monotonic: () => number;
  readonly #forMs: number;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(read: (org: string) => Promise<T>, monotonic: () => number, forMs: number) {
    this.#read = read;
    this.#monotonic = monotonic;
    this.#forMs = forMs;
  }

  get(org: string): Promise<T> {
    const now = this.#monotonic();
    const known = this.#entries.get(org);
    if (known !== undefined && known.until > now) return known.value;
    if (this.#entries.size >= MOST_ORGS) this.#entries.clear();
    const entry = { value: this.#read(org), until: now + this.#forMs };
    this.#entries.set(org, entry);
    // A failure is for those who asked together, and not for who asks next.
    entry.value.catch(() => this.#entries.get(org) === entry && this.#entries.delete(org));
    return entry.value;
  }

  /** Something has changed; the next one reads it anew. */
  forget(org: string): void {
    this.#entries.delete(org);
  }
}
