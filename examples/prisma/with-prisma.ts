import { PrismaPg } from "@prisma/adapter-pg";
import { openMillrace, type Job } from "millrace";
import { inBorrowedSchema } from "../transactions/in-borrowed-schema.ts";
import { PrismaClient, type Prisma } from "./generated/client.ts";

/** A transaction of Prisma as a `tx` for Millrace. */
const through = (tx: Prisma.TransactionClient) => ({
  query: (text: string, values: unknown[]) => tx.$queryRawUnsafe(text, ...values),
});

await inBorrowedSchema(async (url, schema) => {
  const mill = await openMillrace(url);
  const prisma = new PrismaClient({ adapter: new PrismaPg(url, { schema }) });
  await prisma.$executeRaw`CREATE TABLE orders (number int PRIMARY KEY, item text NOT NULL, parcels int NOT NULL DEFAULT 0)`;

  /** The order, its number, and the job that ships it: all of them or none. */
  async function placeOrder(item: string): Promise<Job> {
    return prisma.$transaction(async (own) => {
      const tx = through(own);
      const number = await mill.number("orders", { tx });
      await own.order.create({ data: { number, item } });
      const job = await mill.enqueue("order.ship", { number }, { tx, backoff: { type: "fixed", delayMs: 0 } });
      if (item === "a unicorn") throw new Error("there are no unicorns");
      return job;
    });
  }

  const worker = mill.worker();
  worker.handle<{ number: number }>("order.ship", async ({ payload: { number } }, ctx) => {
    await prisma.$transaction(async (own) => {
      await own.order.update({ where: { number }, data: { parcels: { increment: 1 } } });
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
  console.log(await prisma.order.findMany({ orderBy: { number: "asc" } }));

  await mill.close();
  await prisma.$disconnect();
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
