import type { ActCost, StoreName } from "./cost.ts";
import type { Expected } from "./cost-table.ts";

/** A number that is not what the table says. */
export interface Difference {
  readonly act: string;
  readonly figure: string;
  /** `undefined` for what the table does not know. */
  readonly expected: Expected | undefined;
  readonly measured: number;
  readonly statements: ActCost["statements"];
}

/** A number so small is as good as none: once in ten thousand jobs. */
const NOTHING = 0.0001;

/** What differs from the table by more than it lets pass, in either direction. */
export function differences(
  store: StoreName,
  table: readonly Expected[],
  measured: readonly ActCost[],
): readonly Difference[] {
  return measured.flatMap(({ act, cost, statements }) => {
    const rows = table.filter((row) => row.store === store && row.act === act);
    const figures = new Set([...rows.map(({ figure }) => figure), ...Object.keys(cost)]);
    return [...figures].flatMap((figure): Difference[] => {
      const expected = rows.find((row) => row.figure === figure);
      const value = cost[figure] ?? 0;
      const room = ((expected?.value ?? 0) * (expected?.tolerance ?? 0)) / 100;
      if (Math.abs(value - (expected?.value ?? 0)) <= Math.max(room, NOTHING)) return [];
      return [{ act, figure, expected, measured: value, statements }];
    });
  });
}

/** What to tell whoever changed it. */
export function explain(store: StoreName, found: readonly Difference[]): string {
  const lines = found.map(({ act, figure, expected, measured, statements }) => {
    const to = written(measured);
    const change =
      expected === undefined
        ? `is new: ${to}`
        : `${measured > expected.value ? "grew" : "fell"} from ${expected.value} to ${to}; ${expected.tolerance} % may pass`;
    return `  ${act}: "${figure}" a job ${change}${isSent(figure) ? `\n${said(statements)}` : ""}`;
  });
  return [
    `What a job costs on ${store} is not what test/cost/expected-costs.md says.`,
    ...lines,
    "If it should not have changed, look for what does more than before. If it should, `npm run costs:accept`",
    "writes the new numbers into the table; a number that fell is written down too, so that it cannot come back unseen.",
  ].join("\n");
}

const isSent = (figure: string): boolean => figure === "statements" || figure === "round trips";

function said(statements: ActCost["statements"]): string {
  const most = Object.entries(statements).toSorted(([, a], [, b]) => b - a);
  return most.map(([name, count]) => `      ${written(count)} × ${name}`).join("\n");
}

/** Four digits say enough. */
export function written(value: number): string {
  return String(Number(value.toPrecision(4)));
}
