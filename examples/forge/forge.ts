// A forge: the issues and pull requests of a repository share one sequence of numbers, without a gap. The rows are the
// forge's own; Millrace counts them, in the forge's own transactions. Run it with `npm run example:forge`.
import { parseArgs } from "node:util";
import { checkAll } from "./checks.ts";
import { compareCreates } from "./latency.ts";
import { openForge } from "./open-forge.ts";
import { adoptRepository, createAtOnce, runChecks } from "./story.ts";
import { latencyTable, repositoriesTable } from "./tables.ts";

const { values } = parseArgs({ options: { store: { type: "string" } } });
const { forge, place, end } = await openForge(values.store);
try {
  console.log(`Millrace, a forge: repositories and queue on ${place}\n`);
  const old = await adoptRepository(forge, "old-project", 3);
  const young = await createAtOnce(forge, "new-project", { creates: 120, failsEvery: 12 });
  const checked = await runChecks(forge);
  console.log(repositoriesTable([old, young]));

  console.log("\n  A create, without a number and with one: how long until it is committed, in milliseconds\n");
  const latencies = [await compareCreates(forge, 1), await compareCreates(forge, 10)];
  console.log(latencyTable(latencies));

  const isRight = checkAll({ old, young, checked, latencies, audit: await forge.mill.verify() });
  process.exitCode = isRight ? 0 : 1;
} finally {
  await end();
}

// Output:
// Millrace, a forge: repositories and queue on sqlite:…/forge.db
//
//   REPOSITORY   HAD  CREATES  ROLLED BACK  ROWS  NUMBERS   NEXT
//   old-project    3        1            0     4  1 to 4       5
//   new-project    0      120           10   110  1 to 110   111
//
//   A create, without a number and with one: how long until it is committed, in milliseconds
//
//   CALLERS  CREATES PER S  MEDIAN WITHOUT…WITH…ADDED…P95 WITHOUT…WITH…ADDED
//         1            100…
//        10            100…
//
//   ✔ old-project had issues up to 3, and went on with 4
//   ✔ 120 creates at once, 10 of them rolled back: 110 rows, 1 to 110, no gap
//   ✔ each of the 50 pull requests was checked once; those that were rolled back never
//   ✔ a number adds less than 10 ms to a create, for one caller and for ten (p95)
//   ✔ verify: … jobs checked, no promise broken
