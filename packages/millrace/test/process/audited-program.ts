import { Client } from "pg";
import { cancel, fail, openMillrace, snooze, type EnqueueOptions } from "millrace";
import { chanceFrom } from "../../src/core/chance.ts";

/** Adds and works as hard as it can, every way there is, until its parent lets go of it or kills it. */
const [url = "", seedText = "0"] = process.argv.slice(2);
const chance = chanceFrom(Number(seedText));
const mill = await openMillrace(url, { migrate: false });

const worker = mill.worker({ concurrency: 20, leaseMs: 2_000, heartbeatMs: 500 });
worker.handle<number>("crew", (job, ctx) => {
  ctx.log("one line");
  ctx.log("and another");
  if (job.payload < 0.2) throw new Error("not this time");
  if (job.payload < 0.3 && job.attempt < 2) return snooze(5);
  if (job.payload < 0.4) return cancel("no need");
  if (job.payload < 0.5) return fail("never");
  return null;
});

function options(): EnqueueOptions {
  return {
    queue: chance() < 0.5 ? "kept" : "pruned",
    scope: `scope-${Math.floor(chance() * 3)}`,
    maxAttempts: 3,
    backoff: { type: "fixed", delayMs: 5 },
    ...(chance() < 0.3 ? { delayMs: Math.floor(chance() * 50) } : {}),
    ...(chance() < 0.3 ? { tags: { colour: "red", size: "large" } } : {}),
    ...(chance() < 0.3 ? { fairKey: `customer-${Math.floor(chance() * 5)}` } : {}),
  };
}

/** Some with a key; those say the same, or the second would be refused. */
function keyed(): { readonly payload: number; readonly options: EnqueueOptions } {
  if (chance() < 0.8) return { payload: chance(), options: options() };
  return { payload: 0.1, options: { ...options(), key: `key-${Math.floor(chance() * 20)}` } };
}

/** In a transaction of its own, which may not be committed; then its numbers are nobody's. */
async function transact(client: Client): Promise<void> {
  await client.query("BEGIN");
  await mill.enqueue("crew", chance(), { ...options(), tx: client });
  await mill.enqueue("crew", chance(), { ...options(), tx: client });
  await client.query(chance() < 0.5 ? "COMMIT" : "ROLLBACK");
}

async function produce(client: Client | undefined): Promise<void> {
  while (process.connected) {
    const what = chance();
    if (what < 0.3) await mill.enqueueMany(Array.from({ length: 10 }, () => ({ kind: "crew", ...keyed() })));
    else if (what < 0.5 && client !== undefined) await transact(client);
    else if (what < 0.55) await mill.number("rows of mine");
    else if (what < 0.6) await mill.prune();
    else {
      const request = keyed();
      const job = await mill.enqueue("crew", request.payload, request.options);
      if (what > 0.9) await mill.cancel(job.id).catch(() => undefined);
    }
  }
}

async function openClient(): Promise<Client | undefined> {
  if (!url.startsWith("postgres:")) return undefined;
  const address = new URL(url);
  const schema = address.searchParams.get("schema");
  address.searchParams.delete("schema");
  const client = new Client({ connectionString: address.href, options: `-c search_path=${schema}` });
  await client.connect();
  return client;
}

const clients = await Promise.all([openClient(), openClient()]);
await worker.start();
process.send?.("started");
await Promise.all([...clients, undefined].map((client) => produce(client)));
await worker.stop({ force: true });
await mill.close();
for (const client of clients) await client?.end();
