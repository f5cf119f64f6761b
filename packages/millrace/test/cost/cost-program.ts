// Counts what every act costs on a store, and prints it as JSON: `cost-program.ts <PostgreSQL|SQLite> <url or folder>`.
// A process of its own, since the drivers are made to count and the heap must not be collected.
import { join } from "node:path";
import { openMillrace } from "millrace";
import { openStore } from "../../src/open-store.ts";
import { ACTS, type Act } from "./acts.ts";
import { HEAP_BYTES, perJob, type ActCost } from "./cost.ts";
import { HeapMeter } from "./heap-meter.ts";
import { openPostgresMeter } from "./postgres-meter.ts";
import { openSqliteMeter } from "./sqlite-meter.ts";
import type { Meter } from "./meter.ts";

const [kind, place = ""] = process.argv.slice(2);
const heap = new HeapMeter();

/** A store of the act's own: a schema, or a file. */
function storeOf(n: number): { readonly url: string; readonly openMeter: () => Meter | Promise<Meter> } {
  if (kind === "PostgreSQL") {
    const url = new URL(place);
    const schema = `cost_${n}`;
    url.searchParams.set("schema", schema);
    return { url: url.href, openMeter: () => openPostgresMeter(place, schema) };
  }
  const file = join(place, `${n}.db`);
  return { url: `sqlite:${file}`, openMeter: () => openSqliteMeter(file) };
}

async function costOf({ name, jobs, open }: Act, n: number): Promise<ActCost> {
  const { url, openMeter } = storeOf(n);
  const mill = await openMillrace(url);
  const store = await openStore(url);
  const meter = await openMeter();
  const stage = { mill, store, quiet: meter.quiet };
  try {
    const play = await open(stage, jobs);
    // The first time round, code is compiled, statements are prepared, and queue, lane and scope are made.
    await play.before?.();
    await play.run();
    await play.before?.();
    await meter.quiet();
    await meter.begin();
    await heap.begin();
    await play.run();
    const bytes = await heap.end();
    const totals = new Map([...(await meter.end()), [HEAP_BYTES, bytes] as const]);
    const statements = perJob(meter.statements, jobs);
    await play.end?.();
    return { act: name, cost: perJob(totals, jobs), statements };
  } finally {
    await store.close();
    await mill.close();
    await meter.close();
  }
}

const costs: ActCost[] = [];
for (const [n, act] of ACTS.entries()) costs.push(await costOf(act, n));
process.stdout.write(JSON.stringify(costs));
