import { fileURLToPath } from "node:url";
import { listExamples, type Example } from "./examples/list-examples.ts";
import { openDatabase, type Database } from "./examples/open-database.ts";
import { judgeExample } from "./examples/run-example.ts";

const { examples, problems: failures } = listExamples(fileURLToPath(new URL("../examples", import.meta.url)));
const leftOut: string[] = [];
let runCount = 0;

async function judge(example: Example, database: Database | undefined): Promise<void> {
  runCount += 1;
  const failure = await judgeExample(example, database === undefined ? {} : { MILLRACE_STORE: database.url });
  if (failure !== null) failures.push(`${example.name}: ${failure}`);
}

/** @returns undefined where there is none for this system */
async function databaseFor(waiting: readonly Example[]): Promise<Database | undefined> {
  if (waiting.length === 0) return undefined;
  try {
    return await openDatabase();
  } catch (error) {
    // There, nobody would see that some of the examples were left out.
    if (process.env["CI"] !== undefined) throw error;
    leftOut.push(...waiting.map(({ name }) => `${name} (${error instanceof Error ? error.message : String(error)})`));
    return undefined;
  }
}

const ready = examples.filter(({ missing }) => missing === undefined);
for (const { name, missing } of examples) if (missing !== undefined) leftOut.push(`${name} (${missing})`);
for (const example of ready) if (!example.needsPostgres) await judge(example, undefined);

const waiting = ready.filter(({ needsPostgres }) => needsPostgres);
const database = await databaseFor(waiting);
try {
  if (database !== undefined) for (const example of waiting) await judge(example, database);
} finally {
  await database?.end();
}
if (runCount === 0) failures.push("no example was run, so nothing was checked");

for (const failure of failures) console.error(failure);
if (failures.length > 0) process.exit(1);
const said = `${runCount} ${runCount === 1 ? "example prints" : "examples print"} what is said`;
console.log(leftOut.length === 0 ? `${said}.` : `${said}; left out: ${leftOut.join(", ")}.`);
