import type { JobState } from "../core/states.ts";

type Paint = (text: string) => string;

/** How things look; without colours every paint leaves its text alone. */
export interface Palette {
  readonly title: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly warning: Paint;
  readonly accent: Paint;
}

const PLAIN: Palette = { title: same, dim: same, good: same, bad: same, warning: same, accent: same };

const COLOURED: Palette = {
  title: sgr(1, 22),
  dim: sgr(2, 22),
  good: sgr(32, 39),
  bad: sgr(31, 39),
  warning: sgr(33, 39),
  accent: sgr(36, 39),
};

export function createPalette(hasColour: boolean): Palette {
  return hasColour ? COLOURED : PLAIN;
}

const PAINT_BY_STATE = {
  blocked: "warning",
  scheduled: "warning",
  queued: "title",
  running: "accent",
  completed: "good",
  failed: "bad",
  cancelled: "dim",
} as const satisfies Record<JobState, keyof Palette>;

/** The state in its colour. `text` may carry blanks around it. */
export function paintState(palette: Palette, state: JobState, text: string): string {
  return palette[PAINT_BY_STATE[state]](text);
}

function sgr(on: number, off: number): Paint {
  return (text) => `\u001b[${on}m${text}\u001b[${off}m`;
}

function same(text: string): string {
  return text;
}
