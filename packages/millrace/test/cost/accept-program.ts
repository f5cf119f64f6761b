// `npm run costs:accept`: measure, and write what differs from the table into it. What the table lets pass stays as it is.
import { ACTS } from "./acts.ts";
import { differences, written } from "./compare-costs.ts";
import { HEAP_BYTES, STORES, type ActCost, type StoreName } from "./cost.ts";
import { readTable, writeTable, type Expected } from "./cost-table.ts";
import { measureCosts } from "./measure-costs.ts";

/** What a figure may differ by, in percent, until somebody writes another number into the table. */
function usualTolerance(store: StoreName, act: string, figure: string): number {
  const isLoose = ACTS.find(({ name }) => name === act)?.isLoose === true;
  // On PostgreSQL it counts as well what is said now and then, and in how many pieces answers come.
  if (figure === HEAP_BYTES) return (store === "PostgreSQL" ? 25 : 10) * (isLoose ? 2 : 1);
  if (figure.startsWith("WAL") || figure.startsWith("index")) return isLoose ? 15 : 5;
  // A commit writes a row of events, whatever it brings.
  return isLoose && (!figure.includes("rows") || figure.endsWith("event")) ? 50 : 2;
}

function accept(store: StoreName, table: readonly Expected[], measured: readonly ActCost[]): readonly Expected[] {
  const changed = new Set(differences(store, table, measured).map(({ act, figure }) => `${act}: ${figure}`));
  return measured.flatMap(({ act, cost }) =>
    Object.entries(cost).map(([figure, value]): Expected => {
      const known = table.find((row) => row.store === store && row.act === act && row.figure === figure);
      if (known !== undefined && !changed.has(`${act}: ${figure}`)) return known;
      const tolerance = known?.tolerance ?? usualTolerance(store, act, figure);
      return { store, act, figure, value: Number(written(value)), tolerance };
    }),
  );
}

const table = await readTable();
const rows: Expected[] = [];
for (const store of STORES) {
  const measured = await measureCosts(store);
  const changes = differences(store, table, measured);
  for (const { act, figure, expected, measured: value } of changes) {
    process.stdout.write(`${store}, ${act}: ${figure} ${expected?.value ?? "–"} → ${written(value)}\n`);
  }
  rows.push(...accept(store, table, measured));
}
process.stdout.write(`Written: ${await writeTable(rows)}\n`);
