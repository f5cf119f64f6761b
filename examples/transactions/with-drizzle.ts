import { asc, eq, sql } from "drizzle-orm";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { openMillrace, type Job } from "millrace";
import { Pool } from "pg";
import { inBorrowedSchema } from "./in-borrowed-schema.ts";

const orders = pgTable("orders", {
  number: integer().primaryKey(),
  item: text().notNull(),
  parcels: integer().notNull().default(0),
});

/** A transaction of Drizzle as a `tx` for Millrace: between the parameters the text as it is, and each value in its place. */
const through = (tx: Pick<NodePgDatabase, "execute">) => ({
  query(text: string, values: unknown[]) {
    const parts = text.split(/\$(\d+)/).map((part, i) => (i % 2 === 0 ? sql.raw(part) : sql`${values[+part - 1]}`));
    return tx.execute(sql.join(parts));
  },
});

await inBorrowedSchema(async (url) => {
  const mill = await openMillrace(url);
  const pool = new Pool({ connectionString: url });
  const db = drizzle({ client: pool });
  await db.execute(
    sql`CREATE TABLE orders (number int PRIMARY KEY, item text NOT NULL, parcels int NOT NULL DEFAULT 0)`,
  );

  /** The order, its number, and the job that ships it: all of them or none. */
  async function placeOrder(item: string): Promise<Job> {
    return db.transaction(async (own) => {
      const tx = through(own);
      const number = await mill.number("orders", { tx });
      await own.insert(orders).values({ number, item });
      const job = await mill.enqueue("order.ship", { number }, { tx, backoff: { type: "fixed", delayMs: 0 } });
      if (item === "a unicorn") throw new Error("there are no unicorns");
      return job;
    });
  }

  const worker = mill.worker();
  worker.handle<{ number: number }>("order.ship", async ({ payload: { number } }, ctx) => {
    await db.transaction(async (own) => {
      const parcels = sql`${orders.parcels} + 1`;
      await own.update(orders).set({ parcels }).where(eq(orders.number, number));
      await ctx.complete(`parcel ${number}`, { tx: through(own) });
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
  console.log(await db.select().from(orders).orderBy(asc(orders.number)));

  await mill.close();
  await pool.end();
});

// Output:
// the job of the lamp is queued: #null before the commit, #1 after it
// rolled back: there are no unicorns
// #1 completed at attempt 2: parcel 1
// #2 completed at attempt 2: parcel 2
// [
//   { number: 1, item: 'a lamp', parcels: 1 },
//   { number: 2, item: 'a chair', parcels: 1 }
// ]
