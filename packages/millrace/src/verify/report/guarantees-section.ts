import type { HistoryVerdict } from "../check/verdict.ts";
import { cutText } from "./escape-markup.ts";
import { formatCount, formatMany } from "./format-figures.ts";
import { markup, type Markup } from "./markup.ts";
import { PROMISES } from "./promises.ts";
import { standingsOf, type Standing } from "./standings.ts";

const MOST_UNKNOWN = 60;
const MOST_TEXT = 300;

/** Each promise, whether it was kept, and on how many observations that rests. */
export function guaranteesSection(verdict: HistoryVerdict): Markup {
  const rows = standingsOf(verdict).map((standing) => {
    const { guarantee, judged } = standing;
    const [name = "", promise = ""] = PROMISES[guarantee] ?? [];
    const [classes, word] = wordFor(standing);
    return markup`<tr><th scope="row"><b>${cutText(guarantee, 60)}</b> ${name}</th><td>${promise}</td><td class="number">${(judged ?? 0) === 0 ? "–" : formatCount(judged ?? 0)}</td><td class="word ${classes}">${word}</td></tr>`;
  });
  return markup`<section>
<h2>Promises</h2>
<div class="wide"><table class="promises">
<thead><tr><th scope="col">Promise</th><th scope="col">What it says</th><th scope="col" class="number">Observations</th><th scope="col">Verdict</th></tr></thead>
<tbody>
${rows}
</tbody></table></div>
${unknownList(verdict)}
</section>`;
}

function wordFor({ judged, violated, unknown }: Standing): readonly [classes: string, word: string] {
  const open = `${formatCount(unknown)} not known`;
  if (violated > 0) return ["violated", `broken ${formatMany(violated, "time")}${unknown === 0 ? "" : `, ${open}`}`];
  if (unknown > 0) return ["unknown", open];
  if (judged === null) return ["unseen", "not judged: no history shows it"];
  return judged === 0 ? ["unseen", "not judged: nothing in this history shows it"] : ["ok", "kept"];
}

function unknownList(verdict: HistoryVerdict): Markup | null {
  const { unknown } = verdict;
  if (unknown.length === 0) return null;
  const shown = unknown.slice(0, MOST_UNKNOWN);
  const all = standingsOf(verdict).reduce((sum, each) => sum + each.unknown, 0);
  const rest = all - shown.length;
  return markup`<h3>What could not be judged</h3>
<ul class="unknowns">
${shown.map(({ guarantee, about, why }) => markup`<li><b>${guarantee}</b> <code>${cutText(about, 100)}</code> ${cutText(why, MOST_TEXT)}</li>`)}
</ul>
${rest > 0 ? markup`<p class="note">And ${formatCount(rest)} more like these.</p>` : null}`;
}
