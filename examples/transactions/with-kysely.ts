import { CamelCasePlugin, CompiledQuery, Kysely, PostgresDialect, type Generated, type Transaction } from "kysely";
import { openMillrace, type Job } from "millrace";
import { Pool } from "pg";
import { inBorrowedSchema } from "./in-borrowed-schema.ts";

interface Shop {
  readonly orders: { readonly number: number; readonly item: string; readonly parcelCount: Generated<number> };
}

/** A transaction of Kysely as a `tx` for Millrace; without its plugins, of which some rename columns. */
const through = (trx: Transaction<Shop>) => ({
  query: (text: string, values: unknown[]) => trx.withoutPlugins().executeQuery(CompiledQuery.raw(text, values)),
});

await inBorrowedSchema(async (url) => {
  const mill = await openMillrace(url);
  const pool = new Pool({ connectionString: url });
  const db = new Kysely<Shop>({ dialect: new PostgresDialect({ pool }), plugins: [new CamelCasePlugin()] });
  await db.schema
    .createTable("orders")
    .addColumn("number", "integer", (column) => column.primaryKey())
    .addColumn("item", "text", (column) => column.notNull())
    .addColumn("parcelCount", "integer", (column) => column.notNull().defaultTo(0))
    .execute();

  /** The order, its number, and the job that ships it: all of them or none. */
  async function placeOrder(item: string): Promise<Job> {
    return db.transaction().execute(async (trx) => {
      const tx = through(trx);
      const number = await mill.number("orders", { tx });
      await trx.insertInto("orders").values({ number, item }).execute();
      const job = await mill.enqueue("order.ship", { number }, { tx, backoff: { type: "fixed", delayMs: 0 } });
      if (item === "a unicorn") throw new Error("there are no unicorns");
      return job;
    });
  }

  const worker = mill.worker();
  worker.handle<{ number: number }>("order.ship", async ({ payload: { number } }, ctx) => {
    await db.transaction().execute(async (trx) => {
      const shipped = trx.updateTable("orders").set((each) => ({ parcelCount: each("parcelCount", "+", 1) }));
      await shipped.where("number", "=", number).execute();
      await ctx.complete(`parcel ${number}`, { tx: through(trx) });
      if (ctx.attempt === 1) throw new Error("it fell from the belt");
    });
  });

  const lamp = await placeOrder("a lamp");
  const { number } = (await mill.get(lamp.id)) ?? lamp;
  console.log(`the job of the lamp is ${lamp.state}: #${lamp.number} before the commit, #${number} after it`);

  await placeOrder("a unicorn").catch((error: Error) => console.log(`rolled back: ${error.message}`));
  const chair = await placeOrder("a chair");

  await worker.start();
  for (const { id } of [lamp, chair]) {
    const job = await mill.wait(id);
    console.log(`#${job.number} ${job.state} at attempt ${job.attempt}: ${String(job.result)}`);
  }
  console.log(await db.selectFrom("orders").selectAll().orderBy("number").execute());

  await mill.close();
  await db.destroy();
});

// Output:
// the job of the lamp is queued: #null before the commit, #1 after it
// rolled back: there are no unicorns
// #1 completed at attempt 2: parcel 1
// #2 completed at attempt 2: parcel 2
// [
//   { number: 1, item: 'a lamp', parcelCount: 1 },
//   { number: 2, item: 'a chair', parcelCount: 1 }
// ]
