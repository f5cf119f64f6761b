import { figuresSection } from "./figures-section.ts";
import { guaranteesSection } from "./guarantees-section.ts";
import { Markup, markup } from "./markup.ts";
import { PAGE_STYLE } from "./page-style.ts";
import type { Report } from "./report.ts";
import { verdictSection, WORDS } from "./verdict-section.ts";
import { violationsSection } from "./violations-section.ts";

/**
 * The report of a run as one page that needs nothing else: no scripts, fonts or files beside it. It stays below 500 kB,
 * however long the history was. The same report always gives the same text.
 */
export function reportHtml(report: Report): string {
  const { facts, verdict } = report;
  const seed = facts.seed === null ? "" : ` · seed ${facts.seed}`;
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${WORDS[verdict.judgement]} · millrace verify${seed}</title>
<style>${new Markup(PAGE_STYLE)}</style>
</head>
<body>
<main>
${verdictSection(report)}
${violationsSection(verdict)}
${figuresSection(report)}
${guaranteesSection(verdict)}
</main>
<footer><p>Sound means that the calls and answers of this run, and what lay in the store in the end, can all be true of a queue that keeps its promises. It is no proof for what did not happen in this run.</p></footer>
</body>
</html>
`;
  return page.text;
}
