import type { Handler } from "../../src/core/handler.ts";
import { cancel, fail, snooze } from "../../src/core/outcome.ts";
import { PermanentError } from "../../src/core/errors.ts";
import type { Millrace } from "../../src/runtime/millrace.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** What a job of the simulation tells its handler to do. */
export interface Order {
  readonly ask: number;
  readonly deed: Deed;
  /** More than one job may have this order: it comes from a schedule, or has a key. */
  readonly isOften?: boolean;
}

type Deed = (typeof DEEDS)[number];

export const DEEDS = [
  "return", "return at once", "throw", "throw for good", "give up", "snooze", "stay", "ignore the signal",
  "heed the signal", "complete early", "enqueue another", "talk", "cancel itself", "enqueue and throw",
] as const; // prettier-ignore

/** Does as it was ordered, and watches what it was promised: that its signal fires once its lease is known to be gone. */
export function handlerOf(process: SimulatedProcess): Handler<Order, Millrace> {
  const { ledger } = process.stage;
  return (job, ctx) => {
    const { ask, deed } = job.payload;
    const run = { job: job.id, token: ctx.token, isDone: false };
    const result = { job: job.id, token: ctx.token };
    ledger.runs.push(run);
    if (deed === "return at once") {
      run.isDone = true;
      return result;
    }
    // Most handlers ask for their signal late or never.
    const watched = ask % 2 === 0 ? ctx.signal : undefined;
    const pause = async (ms: number): Promise<void> => {
      await process.pause(ms);
      const isTold = process.lostLeases.has(`${run.job} ${run.token}`);
      if (isTold && !(watched ?? ctx.signal).aborted)
        ledger.breaks("G2", `an attempt of ${job.id} goes on, though its worker knows that its lease is lost`);
    };
    const act = async (): Promise<unknown> => {
      await pause(0);
      switch (deed) {
        case "throw":
          throw new Error("as ordered");
        case "throw for good":
          throw new PermanentError("as ordered");
        case "give up":
          return fail("as ordered");
        case "cancel itself":
          return cancel("as ordered");
        case "snooze":
          return ctx.attempt + ctx.token > 3 ? result : snooze(20);
        case "stay":
          for (let i = 0; i < 4; i++) await pause(8);
          return result;
        case "ignore the signal":
          await pause(90);
          return result;
        case "heed the signal":
          for (let i = 0; i < 12 && !ctx.signal.aborted; i++) await pause(8);
          ctx.checkCancelled();
          return result;
        case "complete early":
          run.isDone = true;
          await ctx.complete(result);
          await pause(10);
          return { late: true };
        case "talk":
          ctx.log("one line");
          ctx.progress(50, "half of it");
          await pause(8);
          ctx.log("another\nand one more");
          return result;
        case "enqueue another":
        case "enqueue and throw": {
          // Each attempt asks for another; what the library did with it is between the two of them.
          const order: Order = { ask: ledger.nextAsk(), deed: "return" };
          await ctx.mill.enqueue("work", order, { queue: job.queue }).then(({ id }) => void ledger.known.push(id));
          if (deed === "enqueue and throw") throw new Error("as ordered");
          return result;
        }
        case "return":
          return result;
      }
    };
    return act().then((value) => {
      run.isDone ||= value === result;
      return value as typeof result;
    });
  };
}
