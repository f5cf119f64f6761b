/**
 * Widths of characters as parts of the size of the font, in the widest of the fonts that systems draw plain text with.
 * So what is laid out by them has room in every other.
 */
const WIDTHS: readonly (readonly [characters: RegExp, width: number])[] = [
  [/[iljI'|.,:; ]/, 0.34],
  [/[tfrJ!()[\]\-/]/, 0.43],
  [/[cksvxyz]/, 0.6],
  [/[abdeghn-qu0-9_]/, 0.65],
  [/[A-LN-VX-Z#w]/, 0.79],
];
/** Of other scripts each is as wide as it is high, at most. */
const WIDEST = 1;
/** What bold letters are wider. */
const BOLD = 1.12;

function widthOf(character: string): number {
  return WIDTHS.find(([characters]) => characters.test(character))?.[1] ?? WIDEST;
}

/** How much room a text needs in a row, in pixels; more rather than less. */
export function textWidth(text: string, fontSize: number, isBold = false): number {
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width * fontSize * (isBold ? BOLD : 1);
}

/** The text in rows of at most that width. Breaks between words, and inside of those that have no room in a row. */
export function wrapText(text: string, fontSize: number, width: number): readonly string[] {
  const rows: string[] = [];
  let row = "";
  for (const word of text.split(/\s+/u).flatMap((each) => pieces(each, fontSize, width))) {
    const longer = row === "" ? word : `${row} ${word}`;
    if (textWidth(longer, fontSize) <= width) {
      row = longer;
      continue;
    }
    if (row !== "") rows.push(row);
    row = word;
  }
  if (row !== "") rows.push(row);
  return rows;
}

/** Broken after a hyphen or the like where there is one not too far to the left. */
function pieces(word: string, fontSize: number, width: number): readonly string[] {
  const found: string[] = [];
  let piece = "";
  for (const character of word) {
    if (piece !== "" && textWidth(piece + character, fontSize) > width) {
      const joint = Math.max(...["-", "/", "_", ".", ":"].map((each) => piece.lastIndexOf(each))) + 1;
      const end = joint > piece.length / 2 ? joint : piece.length;
      found.push(piece.slice(0, end));
      piece = piece.slice(end);
    }
    piece += character;
  }
  return [...found, piece];
}
