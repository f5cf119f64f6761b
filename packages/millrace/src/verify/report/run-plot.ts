import { cutText } from "./escape-markup.ts";
import { formatDuration, formatMany, formatRate } from "./format-figures.ts";
import type { Latencies } from "./latencies.ts";
import { markup, type Markup } from "./markup.ts";
import { evenScale, logScale, timeScale, type Scale } from "./plot-scales.ts";
import type { RunSummary } from "./run-summary.ts";
import { stretches, strikeLanes, type StrikeLane } from "./strikes.ts";
import { textWidth } from "./text-layout.ts";
import type { TimeBin } from "./time-bins.ts";

const WIDTH = 960;
const LEFT = 104;
const RIGHT = WIDTH - 12;
const PANEL = 116;
const HEADING = 30;
const LANE = 22;
const STRIKE = 10;
/** Each of so few is named where the pointer rests on it. */
const MOST_NAMED = 40;
const NAME_SIZE = 12;

/** Throughput, latencies and faults on one axis of time; `null` where nothing was answered. */
export function runPlot(summary: RunSummary): Markup | null {
  const { bins, binWidth, from, until } = summary;
  if (bins.length === 0) return null;
  const time = timeScale(from, until, LEFT, RIGHT);
  const lanes = strikeLanes(summary);
  const middle = (bin: TimeBin): number => Math.min(RIGHT, Math.max(LEFT, time.place(bin.at + binWidth / 2)));

  const rateTop = HEADING;
  const latencyTop = rateTop + PANEL + HEADING + 12;
  const lanesTop = latencyTop + PANEL + (lanes.length === 0 ? 8 : HEADING + 8);
  const bottom = lanesTop + lanes.length * LANE;
  const rates = bins.map(({ settled }) => settled / (binWidth / 1_000_000));
  const rate = evenScale(Math.max(1, ...rates), rateTop + PANEL, rateTop);
  const line = rates.map((each, i): Point => [middle(bins[i] as TimeBin), rate.place(each)]);
  const ends = [bins[0], bins.at(-1)].map((bin) => round(middle(bin as TimeBin)));
  const described = `Jobs settled per second, latencies and faults over ${formatDuration(until - from)}.`;

  return markup`<svg class="plot" role="img" aria-label="${described}" viewBox="0 0 ${WIDTH} ${round(bottom + 26)}">
<title>${described}</title>
${backdrop(lanes, time, rateTop, latencyTop)}
${heading(rateTop, "Jobs settled per second", [])}
${gridLines(rate, formatRate)}
<path class="plot-area" d="M${ends[0] ?? 0} ${rateTop + PANEL}${pathOf(line).replace("M", "L")}L${ends[1] ?? 0} ${rateTop + PANEL}Z"/>
<path class="plot-line plot-a" d="${pathOf(line)}"/>
${latencyPanel(bins, latencyTop, middle)}
${lanes.length === 0 ? null : heading(lanesTop, "Faults", [])}
${lanes.map((lane, i) => strikeLane(lane, time, lanesTop + i * LANE))}
${timeMarks(time, from, bottom)}
</svg>`;
}

type Point = readonly [x: number, y: number];

/** Where anything was done to the system, behind what came of it. */
function backdrop(lanes: readonly StrikeLane[], time: Scale, ...tops: readonly number[]): Markup {
  const all = lanes.flatMap(({ strikes }) => strikes);
  const spans = stretches(all, time.place, { shortest: 1, between: 0 });
  const path = tops.flatMap((top) => spans.map(({ left, right }) => boxPath(left, top, right - left, PANEL))).join("");
  return markup`<path class="plot-backdrop" d="${path}"/>`;
}

function latencyPanel(bins: readonly TimeBin[], top: number, middle: (bin: TimeBin) => number): Markup {
  const all = bins.flatMap(({ enqueue, settle }) => [enqueue, settle]).filter(({ count }) => count > 0);
  const title = heading(top, "99 of 100 calls took at most", [
    ["plot-a", "settle"],
    ["plot-b", "enqueue"],
  ]);
  if (all.length === 0)
    return markup`${title}<text class="plot-none" x="${LEFT}" y="${top + 20}">no such call was answered</text>`;
  const slow = all.map((each) => each.quantile(0.99) ?? 0);
  const scale = logScale(Math.min(...slow), Math.max(...slow), top + PANEL, top);
  const points = (of: (bin: TimeBin) => Latencies): readonly (Point | null)[] =>
    bins.map((bin) => {
      const value = of(bin).quantile(0.99);
      return value === null ? null : [middle(bin), scale.place(value)];
    });
  return markup`${title}
${gridLines(scale, formatDuration)}
<path class="plot-line plot-b" d="${pathOf(points(({ enqueue }) => enqueue))}"/>
<path class="plot-line plot-a" d="${pathOf(points(({ settle }) => settle))}"/>`;
}

function strikeLane({ name, strikes }: StrikeLane, time: Scale, top: number): Markup {
  const y = top + (LANE - STRIKE) / 2;
  const shown = stretches(strikes, time.place, { shortest: 3, between: 1 });
  const label = cutText(name, 14);
  const row = markup`<text class="plot-name" x="${LEFT - 10}" y="${top + 15}" text-anchor="end">${label}</text>
<path class="plot-grid" d="M${LEFT} ${top + LANE / 2}H${RIGHT}"/>`;
  if (strikes.length > MOST_NAMED) {
    const path = shown.map(({ left, right }) => boxPath(left, y, right - left, STRIKE)).join("");
    return markup`${row}<path class="plot-strike" d="${path}"><title>${name}: ${formatMany(strikes.length, "time")}</title></path>`;
  }
  return markup`${row}${shown.map(({ left, right, strikes: here }) => {
    const what = here.map(({ target, at, until }) => `${target} (${formatDuration(until - at)})`).join(", ");
    const title = `${name}: ${cutText(what, 300)}`;
    return markup`<path class="plot-strike" d="${boxPath(left, y, right - left, STRIKE)}"><title>${title}</title></path>`;
  })}`;
}

/** Names of what is drawn, each beside a piece of its line, at the right. */
function heading(top: number, title: string, lines: readonly (readonly [classes: string, name: string])[]): Markup {
  let x = LEFT + textWidth(title, NAME_SIZE, true) + 8;
  const keys = lines.map(([classes, name]) => {
    const key = markup`<path class="plot-line ${classes}" d="M${round(x)} ${top - 14}h16"/><text class="plot-key" x="${round(x + 21)}" y="${top - 10}">${name}</text>`;
    x += 21 + textWidth(name, NAME_SIZE) + 14;
    return key;
  });
  return markup`<text class="plot-heading" x="${LEFT}" y="${top - 10}">${title}</text>${keys}`;
}

function gridLines({ marks, place }: Scale, format: (value: number) => string): readonly Markup[] {
  return marks.map((value) => {
    const y = round(place(value));
    return markup`<path class="plot-grid" d="M${LEFT} ${y}H${RIGHT}"/><text class="plot-mark" x="${LEFT - 10}" y="${round(y + 4)}" text-anchor="end">${format(value)}</text>`;
  });
}

function timeMarks({ marks, place }: Scale, from: number, bottom: number): readonly Markup[] {
  return marks.map((at) => {
    const x = round(place(at));
    const anchor = x > RIGHT - 20 ? "end" : "middle";
    return markup`<path class="plot-grid" d="M${x} ${bottom}v5"/><text class="plot-mark" x="${x}" y="${bottom + 19}" text-anchor="${anchor}">${formatDuration(at - from)}</text>`;
  });
}

/** A line from each point to the next; none over what is not there. */
function pathOf(points: readonly (Point | null)[]): string {
  let isOpen = false;
  return points
    .map((point) => {
      if (point === null) {
        isOpen = false;
        return "";
      }
      // A point with no neighbour is a dot.
      const step = `${isOpen ? "L" : "M"}${round(point[0])} ${round(point[1])}${isOpen ? "" : "h0"}`;
      isOpen = true;
      return step;
    })
    .join("");
}

function boxPath(x: number, y: number, width: number, height: number): string {
  return `M${round(x)} ${round(y)}h${round(width)}v${height}h${round(-width)}z`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
