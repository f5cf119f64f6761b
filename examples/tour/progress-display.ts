import type { JobEvent, JobEventType, JobProgress } from "millrace";

const BAR_WIDTH = 16;
const REDRAW_EVERY_MS = 80;
/** Where nobody watches, a line for every so many hundredths is enough. */
const PLAIN_STEP_PERCENT = 25;

/** How far the jobs are: two lines that are drawn again and again on a terminal, a line now and then elsewhere. */
export class ProgressDisplay {
  readonly #total: number;
  readonly #stream: NodeJS.WriteStream;
  readonly #startedAt = performance.now();
  readonly #tally = new Map<JobEventType, number>();
  #note = "";
  #drawnAt = -Infinity;
  #toldPercent = 0;
  #isDrawn = false;

  constructor(total: number, stream: NodeJS.WriteStream = process.stdout) {
    this.#total = total;
    this.#stream = stream;
  }

  get endedCount(): number {
    return this.#count("completed") + this.#count("failed") + this.#count("cancelled");
  }

  take({ type }: JobEvent): void {
    this.#tally.set(type, this.#count(type) + 1);
    if (this.#stream.isTTY) this.#draw();
    else this.#tell();
  }

  /** What the slow job says of itself. */
  note(kind: string, progress: JobProgress | null): void {
    this.#note = progress === null ? "" : `${kind} is at ${Math.round(progress.percent)} %: ${progress.message ?? ""}`;
  }

  end(): void {
    if (!this.#stream.isTTY) return;
    this.#note = "";
    this.#draw(true);
    this.#stream.write("\n");
  }

  #count(type: JobEventType): number {
    return this.#tally.get(type) ?? 0;
  }

  #draw(isLast = false): void {
    if (!isLast && performance.now() - this.#drawnAt < REDRAW_EVERY_MS) return;
    this.#drawnAt = performance.now();
    const filled = Math.round((this.endedCount / this.#total) * BAR_WIDTH);
    const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
    // An attempt that will be repeated has started, and will start again.
    const running = this.#count("started") - this.#count("retrying") - this.endedCount;
    const ended = (["completed", "failed", "cancelled"] as const).map((type) => `${this.#count(type)} ${type}`);
    const counts = [`${running} running`, ...ended].join(" · ");
    const lines = [`${bar} ${this.endedCount} of ${this.#total}  ${counts}`, this.#note];
    const width = (this.#stream.columns || 80) - 1;
    // One line up, over the first of the two; then each line anew, with what is behind it erased.
    const up = this.#isDrawn ? "\r\u001b[1A" : "";
    this.#stream.write(up + lines.map((line) => `${line.slice(0, width)}\u001b[K`).join("\n"));
    this.#isDrawn = true;
  }

  #tell(): void {
    const percent = Math.floor((this.endedCount / this.#total) * 100);
    if (percent < this.#toldPercent + PLAIN_STEP_PERCENT) return;
    this.#toldPercent = percent - (percent % PLAIN_STEP_PERCENT);
    const seconds = ((performance.now() - this.#startedAt) / 1_000).toFixed(1);
    this.#stream.write(`  ${this.endedCount} of ${this.#total} jobs have ended after ${seconds} s\n`);
  }
}
