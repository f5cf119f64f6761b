import { cutToWidth, singleLine, textWidth } from "./text-width.ts";

export interface Column<Row> {
  readonly title: string;
  /** The text of a cell. Nothing to show is `""`, and printed as `-` so that every line has as many words. */
  readonly text: (row: Row) => string;
  /** Colours a cell after it was laid out. */
  readonly style?: (text: string, row: Row) => string;
  readonly align?: "right";
  /** May be cut where the terminal is too narrow. */
  readonly canShrink?: boolean;
}

interface Layout {
  /** Columns of the terminal; `null` where nothing may be cut. */
  readonly width: number | null;
  readonly title: (text: string) => string;
}

const GAP = "  ";
const LEAST_WIDTH = 8;

/** Lines of a table, its titles first, columns aligned and at least two blanks apart. */
export function layoutTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], layout: Layout): string[] {
  const cells = rows.map((row) => columns.map(({ text }) => singleLine(text(row)) || "-"));
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...cells.map((line) => textWidth(line[i] ?? ""))),
  );
  if (layout.width !== null) shrink(columns, widths, layout.width);
  const place = (text: string, i: number): string => {
    const width = widths[i] ?? 0;
    const cut = cutToWidth(text, width);
    const blanks = " ".repeat(Math.max(0, width - textWidth(cut)));
    if (columns[i]?.align === "right") return `${blanks}${cut}`;
    return i === columns.length - 1 ? cut : `${cut}${blanks}`;
  };
  const head = columns.map(({ title }, i) => layout.title(place(title, i))).join(GAP);
  const body = rows.map((row, r) =>
    columns.map(({ style }, i) => {
      const text = place(cells[r]?.[i] ?? "", i);
      return style === undefined ? text : style(text, row);
    }),
  );
  return [head, ...body.map((line) => line.join(GAP))].map((line) => line.trimEnd());
}

/** Take from the widest of the columns that may shrink until the line fits, or none can give more. */
function shrink<Row>(columns: readonly Column<Row>[], widths: number[], total: number): void {
  let over = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - total;
  while (over > 0) {
    let widest = -1;
    for (const [i, { canShrink }] of columns.entries()) {
      const width = widths[i] ?? 0;
      if (canShrink === true && width > LEAST_WIDTH && width > (widths[widest] ?? 0)) widest = i;
    }
    if (widest === -1) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
}

/** Lines of names and values, the names in one column; values of several lines are kept together by indentation. */
export function layoutFields(
  fields: readonly (readonly [string, string])[],
  title: (text: string) => string,
): string[] {
  const width = Math.max(0, ...fields.map(([name]) => textWidth(name)));
  return fields.flatMap(([name, value]) => {
    const lines = value.split("\n").map((line) => singleLine(line));
    return lines.map((line, i) => {
      const left = i === 0 ? name : "";
      return `${title(left + " ".repeat(width - textWidth(left)))}${GAP}${line}`.trimEnd();
    });
  });
}
