/** Long enough for a busy machine, short enough for a broken program. */
const LIMIT_MS = 10_000;

/** Resolves once the condition holds; rejects when it has not within its limit. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs: number = LIMIT_MS,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`after ${limitMs} ms it was still not so that ${what}`);
    await new Promise((resolve) => void setTimeout(resolve, 2));
  }
}

/** Resolves when the clock of the machine has gone on by so much. For what must not happen meanwhile. */
export async function passed(ms: number): Promise<void> {
  const end = performance.now() + ms;
  await until(`${ms} ms have passed`, () => performance.now() >= end, ms + LIMIT_MS);
}

/** A door that handlers wait at until the test opens it. */
export class Gate {
  readonly opened: Promise<void>;
  #open: () => void = () => undefined;
  #arrived = 0;

  constructor() {
    this.opened = new Promise((resolve) => (this.#open = resolve));
  }

  /** How many have come to it so far. */
  get arrived(): number {
    return this.#arrived;
  }

  open(): void {
    this.#open();
  }

  async pass(): Promise<void> {
    this.#arrived += 1;
    await this.opened;
  }
}

/** The promise that an abort signal makes of its reason. */
export async function reasonOf(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  return signal.reason as unknown;
}
