const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
const PLAIN = /^[\u0020-\u007e]*$/;
const CONTROL = /\p{Cc}/u;
const CONTROLS = /\p{Cc}/gu;
const segmenter = new Intl.Segmenter();

/** How many columns a text takes on a terminal: letters with accents one, Chinese characters and emoji two. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The text in at most `width` columns; what is cut off is marked with `…`. */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let cut = "";
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const next = WIDE.test(segment) ? 2 : 1;
    if (used + next > width - 1) break;
    cut += segment;
    used += next;
  }
  return `${cut}…`;
}

/** One line, with no character that could move the cursor or change a colour: data must not drive a terminal. */
export function singleLine(text: string): string {
  if (!CONTROL.test(text)) return text;
  return text.replaceAll(CONTROLS, (character) => ESCAPES[character] ?? `\\x${hex(character)}`);
}

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": " " };

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const UNSAFE = /\u001b\[[\d;]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text as it is but for what could drive a terminal; colours and tabs may stay. */
export function safeForTerminal(text: string): string {
  return text.replaceAll(UNSAFE, (part) => (part.length > 1 ? part : `\\x${hex(part)}`));
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, "0");
}
