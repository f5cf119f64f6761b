import { defineJob, openMillrace, snooze } from "millrace";
import { z } from "zod";

const charge = defineJob("card.charge", {
  input: z.object({ customer: z.string(), cents: z.number().int().positive() }),
  queue: "payments",
  maxAttempts: 5,
  timeoutMs: 20_000,
});

const bank = new Map([["ada", "pending"]]);
const mill = await openMillrace("memory:");
const worker = mill.worker({ queues: ["payments"], concurrency: 4 });
worker.handle(charge, ({ payload }, ctx) => {
  if (bank.get(payload.customer) === "pending") {
    bank.set(payload.customer, "paid");
    return snooze(20); // run again in 20 ms; not counted as an attempt
  }
  return { customer: payload.customer, cents: payload.cents, attempt: ctx.attempt };
});
await worker.start();

const { id } = await mill.enqueue(charge, { customer: "ada", cents: 1250 });
const { state, result } = await mill.wait(id);
console.log(state, result);
await mill.enqueue(charge, { customer: "ada", cents: -1 }).catch((error: Error) => console.log(error.message));
await mill.close();

// Output:
// completed { customer: 'ada', cents: 1250, attempt: 1 }
// the payload of "card.charge" is wrong: cents: Too small: expected number to be >0
