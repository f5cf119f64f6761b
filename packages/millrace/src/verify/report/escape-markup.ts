/** What XML does not allow, escaped or not: control characters, halves of surrogate pairs, and two that are no characters. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const NO_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** The text as it may stand in HTML and in XML, inside of an element or of a quoted attribute. */
export function escapeMarkup(text: string): string {
  return text.replaceAll(NO_TEXT, "\ufffd").replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** The text, or its beginning and an ellipsis where it has more characters than that. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  // No character is cut in half.
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
