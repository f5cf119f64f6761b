import { describe, test } from "vitest";
import { CONFORMANCE_CASES, runCase, type StoreProvider } from "../../src/testing/index.ts";
import { KNOWN_GAPS } from "./known-gaps.ts";

/** By the reason: cases, or whole areas, that have no meaning for a store. */
export type LeftOut = Readonly<Record<string, readonly string[]>>;

/** One vitest test for each conformance case. What a store cannot do is a skip that names it. */
export function runConformance(name: string, provider: StoreProvider, leftOut: LeftOut = {}): void {
  const reasons = new Map(Object.entries(leftOut).flatMap(([why, titles]) => titles.map((title) => [title, why])));

  describe(name, () => {
    for (const each of CONFORMANCE_CASES) {
      const title = `${each.area}: ${each.name}`;
      const reason = reasons.get(title) ?? reasons.get(each.area);
      const gap = KNOWN_GAPS[title];
      test(gap === undefined ? title : `${title} (a known gap: ${gap})`, async (context) => {
        if (reason !== undefined) context.skip(`left out: ${reason}`);
        const verdict = await runCase(each, provider);
        if (verdict.status === "skipped") context.skip(`the store lacks ${verdict.missing.join(" and ")}`);
        if (gap !== undefined) {
          if (verdict.status === "passed") throw new Error("it passes now; take the note from known-gaps.ts");
          return;
        }
        if (verdict.status === "failed") throw verdict.error;
      });
    }

    test("every known gap, and all that is left out, is that of a case there is", () => {
      const titles = new Set(CONFORMANCE_CASES.flatMap((each) => [each.area, `${each.area}: ${each.name}`]));
      const strangers = [...Object.keys(KNOWN_GAPS), ...reasons.keys()].filter((title) => !titles.has(title));
      if (strangers.length > 0) throw new Error(`no such case: ${strangers.join("; ")}`);
    });
  });
}
