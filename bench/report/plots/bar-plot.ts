import { markup, type Markup } from "../../../packages/millrace/src/verify/report/markup.ts";
import { evenScale } from "../../../packages/millrace/src/verify/report/plot-scales.ts";
import { textWidth } from "../../../packages/millrace/src/verify/report/text-layout.ts";
import type { RowResult, ScenarioResult } from "../../rounds.ts";
import { DURABLE } from "../../scenario.ts";
import { summaryOf, written } from "../summary.ts";
import { classesOf, frame, round, SIZE, TOP, WIDTH } from "./plot-frame.ts";

const ROW = 26;
const BAR = 16;
const GAP = 10;

/** The first column of a table: a bar for each median, and a line from the least to the most. */
export function barPlot({ scenario }: ScenarioResult, rows: readonly RowResult[]): string {
  const [{ figure, title, digits }] = scenario.columns;
  const left = Math.max(...rows.map(({ row }) => textWidth(row.name, SIZE))) + GAP;
  const summaries = rows.map((row) => summaryOf(row, figure));
  const most = Math.max(...summaries.map(({ max }) => max));
  const room = Math.max(...summaries.map(({ median }) => textWidth(written(median, digits), SIZE))) + 2 * GAP;
  const scale = evenScale(most, left, WIDTH - room);
  const bottom = TOP + rows.length * ROW;
  const grid = scale.marks.map((value): Markup => {
    const x = round(scale.place(value));
    return markup`<path class="grid" d="M${x} ${TOP}V${bottom}"/><text class="soft" x="${x}" y="${bottom + 16}" text-anchor="middle">${written(value, value < 10 && value > 0 ? 1 : 0)}</text>`;
  });
  const bars = rows.map(({ row }, i): Markup => {
    const { median, min, max } = summaries[i] as (typeof summaries)[number];
    const y = TOP + i * ROW + (ROW - BAR) / 2;
    const [from, to] = [round(scale.place(min)), round(scale.place(max))];
    return markup`<text x="${left - GAP}" y="${y + BAR - 4}" text-anchor="end">${row.name}</text>
<path class="bar ${classesOf(row, DURABLE)}" d="M${round(left)} ${y}H${round(scale.place(median))}v${BAR}H${round(left)}z"/>
<path class="range" d="M${from} ${y + BAR / 2}H${to}M${from} ${y + 4}v${BAR - 8}M${to} ${y + 4}v${BAR - 8}"/>
<text x="${to + 6}" y="${y + BAR - 4}">${written(median, digits)}</text>`;
  });
  const isPale = rows.some(({ row }) => row.durability !== DURABLE);
  const better = scenario.isMoreBetter ? "more is better" : "less is better";
  const subtitle = `${title}, ${better}; medians and ranges${isPale ? "; pale: what was answered may be lost" : ""}`;
  return frame(scenario.title.replaceAll("`", ""), subtitle, bottom + 26, [...grid, ...bars]);
}
