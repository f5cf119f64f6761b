import { openMillrace, type Job } from "millrace";
import { Pool, type PoolClient } from "pg";
import { inBorrowedSchema } from "./in-borrowed-schema.ts";

await inBorrowedSchema(async (url) => {
  const mill = await openMillrace(url);
  const pool = new Pool({ connectionString: url });
  await pool.query("CREATE TABLE orders (number int PRIMARY KEY, item text NOT NULL, parcels int NOT NULL DEFAULT 0)");

  /** Between BEGIN and COMMIT a client is what Millrace takes for `tx`, as it is. */
  async function transaction<T>(work: (tx: PoolClient) => Promise<T>): Promise<T> {
    const tx = await pool.connect();
    try {
      await tx.query("BEGIN");
      const value = await work(tx);
      await tx.query("COMMIT");
      return value;
    } catch (error) {
      await tx.query("ROLLBACK");
      throw error;
    } finally {
      tx.release();
    }
  }

  /** The order, its number, and the job that ships it: all of them or none. */
  async function placeOrder(item: string): Promise<Job> {
    return transaction(async (tx) => {
      const number = await mill.number("orders", { tx });
      await tx.query("INSERT INTO orders (number, item) VALUES ($1, $2)", [number, item]);
      const job = await mill.enqueue("order.ship", { number }, { tx, backoff: { type: "fixed", delayMs: 0 } });
      if (item === "a unicorn") throw new Error("there are no unicorns");
      return job;
    });
  }

  const worker = mill.worker();
  worker.handle<{ number: number }>("order.ship", async ({ payload }, ctx) => {
    await transaction(async (tx) => {
      await tx.query("UPDATE orders SET parcels = parcels + 1 WHERE number = $1", [payload.number]);
      await ctx.complete(`parcel ${payload.number}`, { tx });
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
  const { rows } = await pool.query("SELECT * FROM orders ORDER BY number");
  console.log(rows);

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
