import type { HistoryVerdict, Recovery } from "../check/verdict.ts";
import { cutText } from "./escape-markup.ts";
import { formatCount, formatDuration, formatMany, formatRate } from "./format-figures.ts";
import type { Latencies } from "./latencies.ts";
import { markup, type Markup } from "./markup.ts";
import type { Report } from "./report.ts";
import { runPlot } from "./run-plot.ts";
import type { RunSummary } from "./run-summary.ts";

const MOST_KINDS = 12;

/** What went on: how much, how fast, and how soon it was well again. */
export function figuresSection({ verdict: { checked, recoveries }, summary, handlers }: Report): Markup {
  const plot = runPlot(summary);
  return markup`<section>
<h2>The run</h2>
<dl class="figures">
${figures(checked, summary, handlers).map(([name, value, more]) => markup`<div><dt>${name}</dt><dd>${value}${more === "" ? null : markup`<small>${more}</small>`}</dd></div>`)}
</dl>
${plot === null ? markup`<p class="note">No call was answered, so there is nothing to plot.</p>` : markup`<figure class="wide">${plot}</figure>`}
<div class="columns">
${latencyTable(summary)}
${recoveryTable(recoveries)}
</div>
</section>`;
}

type Figure = readonly [name: string, value: string, more: string];

function figures(
  checked: HistoryVerdict["checked"],
  summary: RunSummary,
  handlers: Report["handlers"],
): readonly Figure[] {
  const seconds = (summary.until - summary.from) / 1_000_000;
  const kills = summary.faults.filter(({ fault }) => fault === "kill").length;
  const errors = [...summary.errors.values()].reduce((sum, count) => sum + count, 0);
  const codes = [...summary.errors].toSorted((a, b) => b[1] - a[1]).map(([code]) => code);
  const roles = [...summary.roles].map(([role, count]) => formatMany(count, role));
  return [
    [
      "Calls",
      formatCount(checked.calls),
      summary.unanswered === 0 ? "" : `${formatCount(summary.unanswered)} never answered`,
    ],
    ["Jobs", formatCount(checked.jobs), ""],
    ["Steps put in order", formatCount(checked.steps), ""],
    [
      "Claims",
      formatCount(summary.claims),
      summary.neverSettled === 0 ? "" : `${formatCount(summary.neverSettled)} never settled`,
    ],
    ...(handlers === undefined
      ? []
      : [["Handlers", formatCount(handlers.handlers), `${formatCount(handlers.cutShort)} cut short`] as const]),
    ["Settled", formatCount(summary.settled), seconds === 0 ? "" : `${formatRate(summary.settled / seconds)} a second`],
    ["Faults", formatCount(summary.faults.length), kills === 0 ? "" : formatMany(kills, "kill")],
    ["Errors answered", formatCount(errors), cutText(codes.slice(0, 3).join(", "), 60)],
    ["Processes", formatCount(summary.processes), cutText(roles.slice(0, 3).join(", "), 60)],
    ["Time", formatDuration(summary.until - summary.from), ""],
  ];
}

function latencyTable({ latencies }: RunSummary): Markup {
  const rows: readonly (readonly [string, Latencies])[] = [
    ["enqueue", latencies.enqueue],
    ["claim", latencies.claim],
    ["settle", latencies.settle],
  ];
  const cells = (of: Latencies): Markup =>
    of.count === 0
      ? markup`<td class="number" colspan="3">none</td>`
      : markup`<td class="number">${formatDuration(of.quantile(0.5) ?? 0)}</td><td class="number">${formatDuration(of.quantile(0.99) ?? 0)}</td><td class="number">${formatDuration(of.max)}</td>`;
  return markup`<div><h3>How long calls took</h3>
<table><thead><tr><th scope="col">Call</th><th scope="col" class="number">Answered</th><th scope="col" class="number">p50</th><th scope="col" class="number">p99</th><th scope="col" class="number">Max</th></tr></thead>
<tbody>
${rows.map(([name, of]) => markup`<tr><th scope="row">${name}</th><td class="number">${formatCount(of.count)}</td>${cells(of)}</tr>`)}
</tbody></table>
<p class="note">Faults included. Claims that wait for a job to come are left out.</p></div>`;
}

function recoveryTable(recoveries: readonly Recovery[]): Markup {
  const kinds = [...Map.groupBy(recoveries, ({ fault }) => fault)].slice(0, MOST_KINDS);
  if (kinds.length === 0) {
    return markup`<div><h3>How soon lost jobs ran again</h3><p class="note">No job was held by a process that was killed or paused.</p></div>`;
  }
  const rows = kinds.map(([fault, all]) => {
    const took = all.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
    const middle = took[Math.ceil(took.length / 2) - 1] ?? 0;
    const late = Math.max(...all.map(({ tookMs, leaseMs, excusedMs }) => tookMs - leaseMs - excusedMs));
    const numbers = [middle, took.at(-1) ?? 0, Math.max(0, late)].map((ms) => formatDuration(ms * 1_000));
    return markup`<tr><th scope="row">${cutText(fault, 30)}</th><td class="number">${formatCount(all.length)}</td>${numbers.map((each) => markup`<td class="number">${each}</td>`)}</tr>`;
  });
  return markup`<div><h3>How soon lost jobs ran again</h3>
<table><thead><tr><th scope="col">After</th><th scope="col" class="number">Jobs</th><th scope="col" class="number">p50</th><th scope="col" class="number">Max</th><th scope="col" class="number">Past lease</th></tr></thead>
<tbody>
${rows}
</tbody></table>
<p class="note">Past lease: the longest from the end of a lease until the job was taken back, without the time in which the store was down. Promised is 1 s.</p></div>`;
}
