import { expect } from "vitest";

const TAG = /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z:-]+(?:="[^"<]*")?)*)\s*(\/?)>/y;
const TEXT = /[^<]+/y;
/** HTML ends these by itself. */
const VOID = new Set(["meta", "link", "br", "hr", "img"]);
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const NO_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;

/** Find that every tag is whole and closed in its order, and that text holds neither bare markup nor what is no text. */
export function expectWellFormed(document: string): void {
  expect(document).not.toMatch(NO_CHARACTER);
  const open: string[] = [];
  let at = document.startsWith("<!doctype html>") ? "<!doctype html>".length : 0;
  while (at < document.length) {
    TEXT.lastIndex = at;
    const text = TEXT.exec(document)?.[0];
    if (text !== undefined) {
      const isStyle = open.at(-1) === "style";
      if (!isStyle) expect(text).not.toMatch(/>|&(?!(?:amp|lt|gt|quot|#39);)/);
      at += text.length;
      continue;
    }
    TAG.lastIndex = at;
    const tag = TAG.exec(document);
    if (tag === null) expect.fail(`no markup: ${document.slice(at, at + 80)}`);
    const [whole, end, name = "", , closed] = tag;
    if (end === "/") expect(open.pop(), `before ${document.slice(at, at + 40)}`).toBe(name);
    else if (closed !== "/" && !VOID.has(name)) open.push(name);
    at += whole.length;
  }
  expect(open).toEqual([]);
}
