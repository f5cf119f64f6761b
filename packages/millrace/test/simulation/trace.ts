/** What happened in a run, in order: its fingerprint always, its lines where somebody wants to read them. */
export class Trace {
  readonly #lines: string[] | null;
  #hash = 0x811c9dc5;

  constructor(isKept: boolean) {
    this.#lines = isKept ? [] : null;
  }

  /** Equal for two runs in which the same happened at the same times (FNV-1a). */
  get fingerprint(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  get lines(): readonly string[] {
    return this.#lines ?? [];
  }

  note(atMs: number, who: string, what: string): void {
    this.#add(who);
    this.#add(what);
    this.#mix(Math.floor(atMs * 1_000));
    this.#lines?.push(`${atMs.toFixed(1).padStart(9)}  ${who} ${what}`);
  }

  #add(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
  }

  #mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x01000193);
  }
}
