/** Words of a chunk, and how many of them are in the chunk before, too. */
const CHUNK = 512;
const OVERLAP = 50;

const COMMON = new Set(
  "about after all and are before between but cannot down each for from hardly has have how into its itself more most much nor not off one only onto out over than that the them then there they this through too two until was well what when where which while who whoever whole will with would".split(
    " ",
  ),
);

/** A Markdown document: what stands under its title, section by section. Before the first heading lies the introduction. */
export function sectionsOf(markdown: string): { title: string; sections: { heading: string; text: string }[] } {
  const title = /^# (.+)$/m.exec(markdown)?.[1];
  if (title === undefined) throw new Error("the document is invalid: it has no title");
  const [intro = "", ...rest] = markdown.replace(/^# .+$/m, "").split(/^## /m);
  const sections = rest.map((section) => {
    const [heading = "", ...lines] = section.split("\n");
    return { heading, text: flow(lines.join("\n")) };
  });
  return { title, sections: [{ heading: "Introduction", text: flow(intro) }, ...sections] };
}

/** Pieces that overlap, so that what is said at the end of one is not torn from the beginning of the next. */
export function chunksOf(words: readonly string[]): readonly (readonly string[])[] {
  const count = Math.max(1, Math.ceil((words.length - OVERLAP) / (CHUNK - OVERLAP)));
  return Array.from({ length: count }, (_, n) => words.slice(n * (CHUNK - OVERLAP), n * (CHUNK - OVERLAP) + CHUNK));
}

/** The words that a text is about, the most frequent first. */
export function termsOf(chunks: readonly (readonly string[])[], count = 8): string[] {
  const counts = new Map<string, number>();
  for (const word of chunks.flat()) {
    const term = word.toLowerCase().replaceAll(/[^a-z]/g, "");
    if (term.length > 3 && !COMMON.has(term)) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  const ranked = [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return ranked.slice(0, count).map(([term]) => term);
}

/** The sentences that say most of these terms, as they stand. */
export function summaryOf(text: string, terms: readonly string[], count = 2): string {
  const sentences = text.match(/[^.!?]+[.!?]/g) ?? [text];
  const scored = sentences.map((sentence, at) => {
    const words = sentence.toLowerCase();
    return { sentence: sentence.trim(), at, score: terms.filter((term) => words.includes(term)).length };
  });
  const best = scored.toSorted((a, b) => b.score - a.score || a.at - b.at).slice(0, count);
  return best
    .toSorted((a, b) => a.at - b.at)
    .map(({ sentence }) => sentence)
    .join(" ");
}

export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function flow(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}
