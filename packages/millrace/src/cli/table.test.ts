import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layoutFields, layoutTable, type Column } from "./table.ts";
import { cutToWidth, safeForTerminal, singleLine, textWidth } from "./text-width.ts";

interface Fruit {
  readonly name: string;
  readonly count: number;
}

const COLUMNS: readonly Column<Fruit>[] = [
  { title: "NAME", text: ({ name }) => name, canShrink: true },
  { title: "COUNT", text: ({ count }) => String(count), align: "right" },
];
const plain = (text: string): string => text;

describe("a table", () => {
  it("aligns its columns, by what characters take on a screen", () => {
    const rows = [
      { name: "pear", count: 7 },
      { name: "りんご", count: 1234 },
      { name: "", count: 0 },
    ];
    expect(layoutTable(COLUMNS, rows, { width: null, title: plain })).toEqual([
      "NAME    COUNT",
      "pear        7",
      "りんご   1234",
      "-           0",
    ]);
  });

  it("keeps a row on one line, whatever is in it", () => {
    const [, line] = layoutTable(COLUMNS, [{ name: "a\nb\u001b[31m", count: 1 }], { width: null, title: plain });
    expect(line).toBe(String.raw`a\nb\x1b[31m      1`);
  });

  it("is cut where it may be, and only when it must", () => {
    const rows = [{ name: "a very long name of a fruit", count: 7 }];
    expect(layoutTable(COLUMNS, rows, { width: 20, title: plain })).toEqual([
      "NAME           COUNT",
      "a very long …      7",
    ]);
    expect(layoutTable(COLUMNS, rows, { width: 80, title: plain })[1]).toContain("a very long name of a fruit");
  });

  it("fits any width that leaves its columns room", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), fc.integer({ min: 20, max: 60 }), (names, width) => {
        const rows = names.map((name) => ({ name, count: 1 }));
        for (const line of layoutTable(COLUMNS, rows, { width, title: plain })) {
          expect(textWidth(line)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });
});

describe("fields", () => {
  it("keep the lines of a value together", () => {
    expect(
      layoutFields(
        [
          ["id", "7"],
          ["payload", '{\n  "a": 1\n}'],
        ],
        plain,
      ),
    ).toEqual(["id       7", "payload  {", '           "a": 1', "         }"]);
  });
});

describe("text", () => {
  it.each([
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["漢字", 4],
    ["👩‍👩‍👧", 2],
  ])("%s takes %i columns", (text, width) => {
    expect(textWidth(text)).toBe(width);
  });

  it("is cut between characters, never inside one", () => {
    expect(cutToWidth("漢字漢字", 5)).toBe("漢字…");
    expect(cutToWidth("abcdef", 4)).toBe("abc…");
    expect(cutToWidth("abc", 3)).toBe("abc");
  });

  it("keeps colours and tabs for a terminal, and nothing that moves it", () => {
    expect(safeForTerminal("\u001b[31mred\u001b[0m\tx\u001b[2J\u0007")).toBe(
      String.raw`${"\u001b[31mred\u001b[0m\t"}x\x1b[2J\x07`,
    );
  });

  it("never keeps a control character on a single line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(singleLine(text)).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});
