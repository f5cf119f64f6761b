import { markup, type Markup } from "../../../packages/millrace/src/verify/report/markup.ts";
import type { Row } from "../../scenario.ts";

export const WIDTH = 860;
export const TOP = 44;
/** Of the text. */
export const SIZE = 12;

const STYLE = `
text{font:${SIZE}px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:#1b2127;font-variant-numeric:tabular-nums}
.title{font-size:14px;font-weight:650}
.soft{fill:#5d6873}
.grid{stroke:#dde1e5;fill:none}
.range{stroke:#5d6873;fill:none;stroke-width:1.4}
.ours{fill:#2f6f91;stroke:#2f6f91}.bare{fill:#8d98a3;stroke:#8d98a3}.peer{fill:#b08a4a;stroke:#b08a4a}
.lossy{fill-opacity:.45;stroke-dasharray:4 3}
@media (prefers-color-scheme:dark){
text{fill:#e5e9ed}.soft{fill:#9aa6b1}.grid{stroke:#323b44}.range{stroke:#9aa6b1}
.ours{fill:#6fb1d3;stroke:#6fb1d3}.bare{fill:#75808b;stroke:#75808b}.peer{fill:#d8b36a;stroke:#d8b36a}}
.bar{stroke:none}.line{fill:none;stroke-width:1.8;stroke-linejoin:round}`;

/** A picture that stands by itself, light or dark as the page around it. */
export function frame(title: string, subtitle: string, height: number, content: readonly Markup[]): string {
  const { text } =
    markup`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${title}" viewBox="0 0 ${WIDTH} ${round(height)}">
<title>${title}</title>
<text class="title" x="0" y="15">${title}</text>
<text class="soft" x="0" y="32">${subtitle}</text>
${content}
</svg>
`;
  // The style is no content: what it holds must not be escaped.
  return text.replace("</title>", `</title>\n<style>${STYLE}</style>`);
}

/** Whose a row is, and whether what it has answered may be lost. */
export function classesOf(row: Row, durable: string): string {
  const whose = row.contestant === "millrace" ? "ours" : row.contestant.startsWith("bare") ? "bare" : "peer";
  return row.durability === durable ? whose : `${whose} lossy`;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
