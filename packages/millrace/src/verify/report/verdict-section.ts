import type { HistoryVerdict } from "../check/verdict.ts";
import type { Judgement } from "../check/linearize.ts";
import { cutText } from "./escape-markup.ts";
import { formatCount, formatMany } from "./format-figures.ts";
import { markup, type Markup } from "./markup.ts";
import { nameOfPromise } from "./promises.ts";
import type { Report } from "./report.ts";
import { standingsOf, type Standing } from "./standings.ts";

export const WORDS: Readonly<Record<Judgement, string>> = { ok: "Sound", violated: "Violated", unknown: "Unknown" };

/** Drawn and not written, so that it looks the same with every font. */
const MARKS: Readonly<Record<Judgement, string>> = {
  ok: "M13 25l8 8 15-17",
  violated: "M15 15l18 18M33 15l-18 18",
  unknown: "M17 18c0-9 14-9 14 0 0 6-7 5-7 11M24 35.5v.5",
};
const MOST_TEXT = 300;
const MOST_UNBROKEN = 40;
const MOST_NAMED = 20;

/** The answer, what it rests on, and how to get it again. */
export function verdictSection({ verdict, facts, doubts = [], leftOut = [] }: Report): Markup {
  const { judgement } = verdict;
  const { seed, command, environment } = facts;
  return markup`<header class="verdict ${judgement}">
<svg class="verdict-mark" viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="22"/><path d="${MARKS[judgement]}"/></svg>
<div><p class="kicker">millrace verify</p><h1>${WORDS[judgement]}</h1></div>
<p class="verdict-said">${saidBy(verdict)}</p>
${sentences("verdict-doubts", doubts)}
<p class="verdict-unseen">${unseenOf(verdict)}</p>
${sentences(
  "verdict-unseen",
  leftOut.map((each) => `Left out: ${each}`),
)}
</header>
<section class="repeat" aria-label="How to repeat it">
${seed === null ? null : markup`<div class="seed"><span class="label">Seed</span><strong>${seed}</strong></div>`}
<div class="command"><span class="label">The same again</span><code>${wordsOf(command)}</code></div>
</section>
<dl class="environment">
${environment.map(([name, value]) => markup`<div><dt>${cutText(name, 60)}</dt><dd>${cutText(value, MOST_TEXT)}</dd></div>`)}
</dl>`;
}

function sentences(classes: string, all: readonly string[]): readonly Markup[] {
  return all.slice(0, MOST_NAMED).map((each) => markup`<p class="${classes}">${cutText(each, MOST_TEXT)}</p>`);
}

/** Words of a command stay whole where a line ends. */
function wordsOf(command: string): readonly Markup[] {
  return command
    .split(" ")
    .map((word, i) =>
      word.length > MOST_UNBROKEN
        ? markup`${i > 0 ? " " : ""}${word}`
        : markup`${i > 0 ? " " : ""}<span>${word}</span>`,
    );
}

function saidBy(verdict: HistoryVerdict): string {
  const { judgement, checked } = verdict;
  const standings = standingsOf(verdict);
  const looked = `${formatMany(checked.calls, "call")} about ${formatMany(checked.jobs, "job")}`;
  if (judgement === "ok") return `Nothing in ${looked} speaks against a promise.`;
  const open = named(standings, (each) => each.unknown);
  if (judgement === "unknown") {
    const where = open === "" ? "" : `: ${open}`;
    return `Nothing in ${looked} was seen to break a promise, but not all of it could be judged${where}. That is not a success.`;
  }
  const broken = standings.filter(({ violated }) => violated > 0).length;
  const what = broken === 1 ? "A promise was" : `${formatCount(broken)} promises were`;
  const rest = open === "" ? "" : ` Not all could be judged, either: ${open}.`;
  return `${what} broken in ${looked}: ${named(standings, ({ violated }) => violated)}.${rest}`;
}

function named(standings: readonly Standing[], count: (each: Standing) => number): string {
  const found = standings.filter((each) => count(each) > 0).slice(0, MOST_NAMED);
  return found.map((each) => `${nameOfPromise(cutText(each.guarantee, 60))} (${formatCount(count(each))})`).join(", ");
}

function unseenOf(verdict: HistoryVerdict): string {
  const unseen = standingsOf(verdict).filter(({ judged, violated }) => (judged ?? 0) === 0 && violated === 0);
  if (unseen.length === 0) return "All promises were judged.";
  return `Not judged by this history: ${unseen.map(({ guarantee }) => guarantee).join(", ")}.`;
}
