import { escapeMarkup } from "./escape-markup.ts";

/** Text of which it is known that it is markup, and whole. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Content = Markup | string | number | readonly Markup[] | null;

/** A piece of a page. What is put in is escaped, unless it is markup itself; `null` puts in nothing. */
export function markup(pieces: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(pieces.map((piece, i) => piece + textOf(contents[i] ?? null)).join(""));
}

function textOf(content: Content): string {
  if (content === null) return "";
  if (content instanceof Markup) return content.text;
  if (typeof content === "object") return content.map(({ text }) => text).join("");
  return escapeMarkup(String(content));
}
