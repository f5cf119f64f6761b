import { formatDuration } from "./duration.ts";
import type { Palette } from "./palette.ts";
import { cutToWidth, singleLine } from "./text-width.ts";

interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_WIDTH = 24;
const REDRAW_MS = 100;
const ERASE_LINE = "\r\u001b[2K";

/**
 * One line at the foot of a terminal that says how far something is. Where there is no terminal it draws nothing.
 * Other output first calls `clear`; the next `update` draws the bar again below it.
 */
export class ProgressBar {
  readonly #screen: Screen;
  readonly #palette: Palette;
  #startedMs = performance.now();
  #done = 0;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #isDrawn = false;

  constructor(screen: Screen, palette: Palette) {
    this.#screen = screen;
    this.#palette = palette;
  }

  /** Draws at most ten times a second, so that reporting every step costs nothing. Without a total it only tells. */
  update(done: number, total: number | null, text: string): void {
    const now = performance.now();
    // Going back means that something new has begun.
    if (done < this.#done) this.#startedMs = now;
    this.#done = done;
    if (this.#screen.isTTY !== true || now - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = now;
    this.#isDrawn = true;
    this.#screen.write(`${ERASE_LINE}${this.#line(done, total, text, now - this.#startedMs)}`);
  }

  clear(): void {
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    this.#drawnMs = Number.NEGATIVE_INFINITY;
    this.#screen.write(ERASE_LINE);
  }

  #line(done: number, total: number | null, text: string, elapsedMs: number): string {
    const room = (this.#screen.columns ?? 80) - 1;
    const told = singleLine(text);
    if (total === null) return cutToWidth(`${told} (${formatDuration(elapsedMs)})`, room);
    const share = total <= 0 ? 1 : Math.min(1, Math.max(0, done / total));
    const filled = Math.round(share * BAR_WIDTH);
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    const left = share > 0.02 && share < 1 ? `, ${formatDuration((elapsedMs / share) * (1 - share))} left` : "";
    const bar = this.#palette.accent("█".repeat(filled)) + this.#palette.dim("░".repeat(BAR_WIDTH - filled));
    return `${bar}${percent} ${cutToWidth(`${told}${left}`, Math.max(1, room - BAR_WIDTH - 5))}`;
  }
}
