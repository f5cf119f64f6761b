import type { HistoryVerdict, HistoryViolation } from "../check/verdict.ts";
import { cutText } from "./escape-markup.ts";
import { formatCount, formatDuration } from "./format-figures.ts";
import { Markup, markup } from "./markup.ts";
import { standingsOf } from "./standings.ts";
import { storySvg } from "./story-svg.ts";

/** The checker tells a handful of each; more than these nobody reads in one sitting. */
const MOST_SHOWN = 20;
/** Stories without end would make a page that no ticket takes. */
const MOST_BYTES = 250_000;
const MOST_LINES = 40;
const MOST_ROWS = 10;
const MOST_TEXT = 400;

/** Each with its picture, its rows, and its story in words. */
export function violationsSection(verdict: HistoryVerdict): Markup | null {
  const { violations } = verdict;
  if (violations.length === 0) return null;
  const shown = firstOf(violations);
  const all = standingsOf(verdict).reduce((sum, { violated }) => sum + violated, 0);
  const rest = all - shown.length;
  return markup`<section>
<h2>What was broken</h2>
${shown}
${rest > 0 ? markup`<p class="note">There are ${formatCount(rest)} more. These came first.</p>` : null}
</section>`;
}

function firstOf(violations: readonly HistoryViolation[]): readonly Markup[] {
  const shown: Markup[] = [];
  let bytes = 0;
  for (const violation of violations.slice(0, MOST_SHOWN)) {
    if (bytes > MOST_BYTES) break;
    const article = violationArticle(violation);
    bytes += Buffer.byteLength(article.text);
    shown.push(article);
  }
  return shown;
}

function violationArticle(violation: HistoryViolation): Markup {
  const { rows, story } = violation;
  const named = rows.slice(0, MOST_ROWS).map((row) => markup`<code>${cutText(row, 200)}</code>`);
  return markup`<article class="violation">
<figure class="wide">${new Markup(storySvg(violation))}</figure>
${named.length === 0 ? null : markup`<p class="rows"><span class="label">Rows</span> ${named}</p>`}
${story.length === 0 ? null : storyInWords(violation)}
</article>`;
}

/** For those who cannot see the picture, or want to copy out of it. */
function storyInWords({ story }: HistoryViolation): Markup {
  const rows = story.slice(0, MOST_LINES).map(({ from, until, process, said }, i) => {
    const answered = process === null ? "" : until === null ? "never" : formatDuration(until);
    return markup`<tr><td class="number">${i + 1}</td><td class="number">${formatDuration(from)}</td><td class="number">${answered}</td><td>${process === null ? "store, time" : cutText(process, 80)}</td><td>${cutText(said, MOST_TEXT)}</td></tr>`;
  });
  return markup`<details><summary>The story in words</summary>
<table class="story-words"><thead><tr><th scope="col" class="number">#</th><th scope="col" class="number">Asked</th><th scope="col" class="number">Answered</th><th scope="col">Who</th><th scope="col">What</th></tr></thead>
<tbody>
${rows}
</tbody></table></details>`;
}
