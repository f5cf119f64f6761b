import { formatDuration } from "../../../packages/millrace/src/verify/report/format-figures.ts";
import { markup, type Markup } from "../../../packages/millrace/src/verify/report/markup.ts";
import { logScale } from "../../../packages/millrace/src/verify/report/plot-scales.ts";
import { textWidth } from "../../../packages/millrace/src/verify/report/text-layout.ts";
import type { RowResult, ScenarioResult } from "../../rounds.ts";
import { DURABLE } from "../../scenario.ts";
import { summaryOf } from "../summary.ts";
import { classesOf, frame, round, SIZE, TOP, WIDTH } from "./plot-frame.ts";

/** The shares of the calls, each as far to the right as it has nines. */
const SHARES = [
  ["p50Ms", 0.5],
  ["p90Ms", 0.9],
  ["p95Ms", 0.95],
  ["p99Ms", 0.99],
  ["p999Ms", 0.999],
] as const;
const LEFT = 64;
const HEIGHT = 250;
const LABEL = 16;
const MARKERS = ["●", "■", "▲", "◆", "▼", "○", "□", "△", "◇", "▽"];

/** How long calls took: a line for each row, from the median to one in a thousand, on a scale of powers of ten. */
export function quantilePlot({ scenario }: ScenarioResult, rows: readonly RowResult[]): string {
  const right = WIDTH - Math.max(...rows.map(({ row }) => textWidth(row.name, SIZE))) - 44;
  const ninesAt = (share: number): number => Math.log10(1 / (1 - share));
  const [least, most] = [ninesAt(0.5), ninesAt(0.999)];
  const x = (share: number): number => round(LEFT + ((right - LEFT) * (ninesAt(share) - least)) / (most - least));
  const values = rows.map((row) => SHARES.map(([figure]) => summaryOf(row, figure).median * 1_000));
  const known = values.flat().filter((value) => Number.isFinite(value));
  const bottom = TOP + HEIGHT;
  const scale = logScale(Math.min(...known), Math.max(...known), bottom, TOP + 8);
  const grid = scale.marks.map((value): Markup => {
    const y = round(scale.place(value));
    return markup`<path class="grid" d="M${LEFT} ${y}H${right}"/><text class="soft" x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${formatDuration(value)}</text>`;
  });
  const shares = SHARES.map(
    ([, share]): Markup =>
      markup`<text class="soft" x="${x(share)}" y="${bottom + 18}" text-anchor="middle">${round(share * 1_000) / 10} %</text>`,
  );
  const ends = labelPlaces(values.map((each) => scale.place(each.at(-1) ?? 1)));
  const lines = rows.map(({ row }, i): Markup => {
    const points = SHARES.flatMap(([, share], n): (readonly [number, number])[] => {
      const value = values[i]?.[n] ?? Number.NaN;
      return Number.isFinite(value) ? [[x(share), round(scale.place(value))]] : [];
    });
    const marker = MARKERS[i % MARKERS.length] ?? "●";
    const classes = classesOf(row, DURABLE);
    const [name, y] = [row.name, round(ends[i] ?? TOP)];
    return markup`<path class="${classes} line" d="M${points.map((point) => point.join(" ")).join("L")}"/>
${points.map(([px, py]) => markup`<text x="${px}" y="${py + 4}" text-anchor="middle">${marker}</text>`)}
<text x="${right + 14}" y="${y + 4}">${marker} ${name}</text>`;
  });
  const dashed = rows.some(({ row }) => row.durability !== DURABLE) ? "; dashed: what was answered may be lost" : "";
  const subtitle = `so many of the calls took at most so long; medians of the rounds; less is better${dashed}`;
  return frame(scenario.title.replaceAll("`", ""), subtitle, bottom + 28, [...grid, ...shares, ...lines]);
}

/** Where each name stands beside the end of its line, so that none lies on another. */
function labelPlaces(wanted: readonly number[]): readonly number[] {
  const places = [...wanted];
  const order = wanted.map((_, i) => i).toSorted((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  let last = Number.NEGATIVE_INFINITY;
  for (const i of order) {
    last = Math.max(places[i] ?? 0, last + LABEL);
    places[i] = last;
  }
  // What was pushed below the plot moves up again, and the others with it.
  let limit = TOP + HEIGHT;
  for (const i of order.toReversed()) {
    limit = Math.min(places[i] ?? 0, limit);
    places[i] = limit;
    limit -= LABEL;
  }
  return places;
}
