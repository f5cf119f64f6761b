import type { HistoryViolation, StoryLine } from "../check/verdict.ts";
import { cutText, escapeMarkup } from "./escape-markup.ts";
import { formatDuration, formatMany } from "./format-figures.ts";
import { nameOfPromise } from "./promises.ts";
import { BAR_HEIGHT, SAID_LEADING, SAID_SIZE, storyLanes, type PlacedCall, type StoryLane } from "./story-lanes.ts";
import { storyAxis, type StoryAxis } from "./story-axis.ts";
import { STORY_STYLE } from "./story-style.ts";
import { textWidth, wrapText } from "./text-layout.ts";

const WIDTH = 960;
const MARGIN = 28;
const NAME_SIZE = 13;
const NAME_LEADING = 17;
const NAME_WIDTH = 150;
const HEADING_SIZE = 19;
const MESSAGE_SIZE = 14;
const MESSAGE_LEADING = 20;
const TICK_SIZE = 11;
/** More than that nobody reads; the page beside it has all that is kept. */
const MOST_LINES = 40;
const MOST_TEXT = 400;

/**
 * A picture of a violation: a lane for each process, a bar for each call from its beginning to its answer, and beneath it
 * what was said. Open to the right where nobody heard an answer. What the store or time did lies in a lane apart.
 *
 * A document of its own without scripts, fonts or links, that follows the reader's preference for light or dark. The same
 * violation always gives the same text.
 */
export function storySvg(violation: HistoryViolation): string {
  const story = violation.story.slice(0, MOST_LINES).map((line) => ({ ...line, said: cutText(line.said, MOST_TEXT) }));
  const heading = nameOfPromise(cutText(violation.guarantee, MOST_TEXT));
  const message = wrapText(cutText(violation.message, MOST_TEXT), MESSAGE_SIZE, WIDTH - 2 * MARGIN);
  const top = MARGIN + HEADING_SIZE + message.length * MESSAGE_LEADING + 24;

  const names = new Map(
    [...new Set(story.map(({ process }) => process))].map((process) => [process, nameRows(process)]),
  );
  const nameWidth = Math.max(0, ...[...names.values()].flat().map((row) => textWidth(row, NAME_SIZE, true)));
  const left = MARGIN + nameWidth + 20;
  const right = WIDTH - MARGIN;
  const axis = storyAxis(story, left, right);
  const lanes = storyLanes(story, axis, top, right);
  const bottom = lanes.reduce((_, lane) => lane.top + lane.height, top);
  const notes = footnotes(violation);
  const height = bottom + (story.length === 0 ? 0 : 30) + notes.length * 18 + 14;

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="story" role="img" viewBox="0 0 ${WIDTH} ${round(height)}" width="${WIDTH}" height="${round(height)}">`,
    `<title>${escapeMarkup(`${heading}: ${cutText(violation.message, MOST_TEXT)}`)}</title>`,
    `<desc>${escapeMarkup(story.map(told).join(" "))}</desc>`,
    `<style>${STORY_STYLE}</style>`,
    `<rect class="story-paper" x="0.5" y="0.5" width="${WIDTH - 1}" height="${round(height - 1)}" rx="8"/>`,
    text("story-heading", MARGIN, MARGIN + HEADING_SIZE - 4, heading),
    ...message.map((row, i) =>
      text("story-message", MARGIN, MARGIN + HEADING_SIZE + 4 + (i + 1) * MESSAGE_LEADING, row),
    ),
    ...lanes.map(laneBand),
    ...(story.length === 0 ? [] : axisLines(axis, top, bottom)),
    ...lanes.flatMap((lane) => [...laneName(lane, names.get(lane.process) ?? []), ...lane.calls.flatMap(callMarks)]),
    ...notes.map((note, i) => text("story-note", MARGIN, bottom + (story.length === 0 ? 0 : 30) + 14 + i * 18, note)),
    "</svg>",
  ].join("\n");
}

function nameRows(process: string | null): readonly string[] {
  return wrapText(process === null ? "store and time" : cutText(process, 80), NAME_SIZE, NAME_WIDTH);
}

function told({ from, until, process, said }: StoryLine, i: number): string {
  const when =
    process === null || until === from
      ? `at ${formatDuration(from)}`
      : until === null
        ? `from ${formatDuration(from)}, never answered`
        : `from ${formatDuration(from)} to ${formatDuration(until)}`;
  return `${i + 1}. ${process ?? "Store and time"}, ${when}: ${said}.`;
}

function footnotes({ story, rows }: HistoryViolation): readonly string[] {
  if (story.length === 0) {
    const named = rows.slice(0, 3).map((row) => cutText(row, 60));
    return [`It lies in the data, and no call shows it${named.length === 0 ? "." : `: ${named.join(", ")}`}`];
  }
  const rest = story.length - MOST_LINES;
  const more = rest > 0 ? [`The story goes on: ${formatMany(rest, "more call")}.`] : [];
  return [
    ...more,
    "Time runs to the right, from the first call of the story. Long waits are drawn shorter than they were.",
  ];
}

function laneBand({ process, top, height }: StoryLane): string {
  const classes = process === null ? "story-lane story-own" : "story-lane";
  return `<rect class="${classes}" x="${MARGIN - 12}" y="${round(top)}" width="${WIDTH - 2 * MARGIN + 24}" height="${round(height - 4)}" rx="5"/>`;
}

function laneName({ top, process }: StoryLane, rows: readonly string[]): readonly string[] {
  const classes = process === null ? "story-name story-own" : "story-name";
  return rows.map((row, i) => text(classes, MARGIN, top + 23 + i * NAME_LEADING, row));
}

/** A hairline at each instant, and where there is room its time: since the last that is written out, if that is not long. */
function axisLines({ x, instants }: StoryAxis, top: number, bottom: number): readonly string[] {
  const marks: string[] = [];
  let freeFrom = 0;
  let anchor = -Infinity;
  for (const at of instants) {
    const place = x(at);
    marks.push(line("story-tick", place, top, place, bottom));
    const isNear = at - anchor < at / 50;
    const label = isNear ? `+${formatDuration(at - anchor)}` : formatDuration(at);
    const width = textWidth(label, TICK_SIZE);
    const labelX = Math.min(place, WIDTH - MARGIN - width);
    if (labelX < freeFrom) continue;
    marks.push(text("story-time", labelX, bottom + 14, label));
    freeFrom = labelX + width + 10;
    if (!isNear) anchor = at;
  }
  return marks;
}

function callMarks(call: PlacedCall): readonly string[] {
  const [first = "", ...rest] = call.said;
  const number = String(call.place);
  const begin = `<tspan class="story-place">${number}</tspan>${escapeMarkup(first.slice(number.length))}`;
  const baseline = call.y + BAR_HEIGHT + SAID_SIZE + 2;
  const anchor = call.isFlushRight ? ' text-anchor="end"' : "";
  const rows = [begin, ...rest.map(escapeMarkup)].map((row, i) => {
    const y = round(baseline + i * SAID_LEADING);
    return `<text class="story-said"${anchor} x="${round(call.saidX)}" y="${y}">${row}</text>`;
  });
  return [mark(call), ...rows];
}

/** A bar for a call, ragged at its right end where nobody heard an answer; a diamond for what nobody asked for. */
function mark({ line: { process, until }, x, width, y }: PlacedCall): string {
  const [left, right, top, bottom] = [x, x + width, y, y + BAR_HEIGHT].map(round);
  const middle = round(y + BAR_HEIGHT / 2);
  if (process === null) {
    const half = BAR_HEIGHT / 2;
    return `<path class="story-event" d="M${left} ${top}L${round(x + half)} ${middle}L${left} ${bottom}L${round(x - half)} ${middle}Z"/>`;
  }
  if (until !== null) {
    return `<rect class="story-call" x="${left}" y="${top}" width="${round(width)}" height="${BAR_HEIGHT}" rx="3"/>`;
  }
  const solid = round(x + Math.min(14, width));
  return [
    `<path class="story-open" d="M${solid} ${middle}H${right}"/>`,
    `<path class="story-call" d="M${left} ${top}H${solid}L${round(solid - 4)} ${middle}L${solid} ${bottom}H${left}Z"/>`,
  ].join("");
}

function text(classes: string, x: number, y: number, content: string): string {
  return `<text class="${classes}" x="${round(x)}" y="${round(y)}">${escapeMarkup(content)}</text>`;
}

function line(classes: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<path class="${classes}" d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
