import type { StoryLine } from "../check/verdict.ts";
import { textWidth, wrapText } from "./text-layout.ts";
import type { StoryAxis } from "./story-axis.ts";

export const SAID_SIZE = 12;
export const SAID_LEADING = 16;
export const BAR_HEIGHT = 12;
const SAID_WIDTH = 325;
const SHORTEST_BAR = 6;
const BETWEEN = 16;
const ROW_PADDING = 12;
const LANE_PADDING = 12;

/** All that one process did, in as many rows as keep its texts apart. */
export interface StoryLane {
  /** `null` for what the store did by itself, or time. */
  readonly process: string | null;
  readonly top: number;
  readonly height: number;
  readonly calls: readonly PlacedCall[];
}

export interface PlacedCall {
  /** Its place in the story, from 1. */
  readonly place: number;
  readonly line: StoryLine;
  readonly x: number;
  readonly width: number;
  readonly y: number;
  /** Where what was said begins, beneath; or where it ends, if it would run out of the picture. */
  readonly saidX: number;
  readonly isFlushRight: boolean;
  readonly said: readonly string[];
}

interface Measured extends Omit<PlacedCall, "y"> {
  readonly left: number;
  readonly right: number;
  readonly height: number;
}

/** One lane for each process, in the order in which they come in; what the store did by itself comes last. */
export function storyLanes(
  story: readonly StoryLine[],
  axis: StoryAxis,
  top: number,
  right: number,
): readonly StoryLane[] {
  const calls = story.map((line, i) => measured(line, i + 1, axis, right));
  const byProcess = Map.groupBy(calls, ({ line }) => line.process);
  const own = byProcess.get(null);
  byProcess.delete(null);
  let y = top;
  return [...byProcess, ...(own === undefined ? [] : [[null, own] as const])].map(([process, members]) => {
    const placed = inRows(members, y + LANE_PADDING);
    const lane = { process, top: y, height: placed.bottom - y, calls: placed.calls };
    y = placed.bottom;
    return lane;
  });
}

function measured(line: StoryLine, place: number, axis: StoryAxis, right: number): Measured {
  const x = axis.x(line.from);
  const end = line.process === null ? x : line.until === null ? right : axis.x(line.until);
  const width = Math.max(SHORTEST_BAR, end - x);
  const said = wrapText(`${place} ${line.said}`, SAID_SIZE, SAID_WIDTH);
  const saidWidth = Math.max(...said.map((row) => textWidth(row, SAID_SIZE)));
  const isFlushRight = x + saidWidth > right;
  return {
    place,
    line,
    x,
    width,
    saidX: isFlushRight ? right : x,
    isFlushRight,
    said,
    left: isFlushRight ? Math.min(x, right - saidWidth) : x,
    right: isFlushRight ? right : Math.max(x + width, x + saidWidth),
    height: BAR_HEIGHT + said.length * SAID_LEADING,
  };
}

/** Each into the first row in which it has room. */
function inRows(calls: readonly Measured[], top: number): { calls: readonly PlacedCall[]; bottom: number } {
  const rows: { members: Measured[]; right: number; height: number }[] = [];
  for (const call of calls) {
    const row = rows.find(({ right }) => right + BETWEEN <= call.left);
    if (row === undefined) {
      rows.push({ members: [call], right: call.right, height: call.height });
      continue;
    }
    row.members.push(call);
    row.right = call.right;
    row.height = Math.max(row.height, call.height);
  }
  let y = top;
  const placed = rows.flatMap(({ members, height }) => {
    const here = y;
    y += height + ROW_PADDING;
    return members.map((call) => ({ ...call, y: here }));
  });
  return { calls: placed, bottom: y };
}
