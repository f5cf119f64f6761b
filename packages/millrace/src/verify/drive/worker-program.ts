import type { Job } from "../../core/job.ts";
import type { HandlerContext, HandlerResult } from "../../core/handler.ts";
import { cancel, fail, snooze } from "../../core/outcome.ts";
import { isMillraceError, PermanentError } from "../../core/errors.ts";
import type { Millrace } from "../../runtime/millrace.ts";
import type { Worker } from "../../runtime/worker.ts";
import { chanceFrom } from "../../core/chance.ts";
import { joinCrew } from "./crew-process.ts";
import type { HandlerLine } from "./handler-line.ts";
import { HEARTBEAT_MS, LEASE_MS, queuesOf } from "./messages.ts";
import { KINDS, type Ending, type Order, type Receipt } from "./order.ts";
import { passed } from "./passed.ts";
import { Transactor, type TransactionEnd } from "./transactor.ts";
import { Workload } from "./workload.ts";
import { HANDLER_PIPE, writeLine } from "./write-lines.ts";

type Context = HandlerContext<Millrace>;

const crew = await joinCrew("worker");
const { mill, input, leaving } = crew;
const workload = new Workload(chanceFrom(input.seed), input.places, input.abilities);
const transactor = new Transactor(input.url, input.name, crew.write);
const note = (line: HandlerLine): void => writeLine(HANDLER_PIPE, line);

/** Runs a handler, and writes down that it began and that it ended. */
function witnessed<Payload>(handler: (job: Job<Payload>, ctx: Context) => Promise<HandlerResult>) {
  return async (job: Job<Payload>, ctx: Context): Promise<HandlerResult> => {
    const { token } = ctx;
    note({ what: "begin", job: job.id, token });
    try {
      return await handler(job, ctx);
    } finally {
      note({ what: "end", job: job.id, token });
      crew.did(1);
    }
  };
}

async function carryOut(job: Job<Order>, ctx: Context): Promise<HandlerResult> {
  const { payload } = job;
  const { token, signal } = ctx;
  const receipt: Receipt = { token };
  const ending = payload.ends[token - 1];
  ctx.log(`claim ${token}`);
  await passed(payload.spendMs, ending === "deaf" ? undefined : signal);
  ctx.progress(50, "half of it");
  if (ending !== "deaf") ctx.checkCancelled();
  return ending === undefined ? receipt : endAs(ending, job, ctx, receipt);
}

async function endAs(ending: Ending, job: Job, ctx: Context, receipt: Receipt): Promise<HandlerResult> {
  switch (ending) {
    case "throw":
      throw new Error("as ordered");
    case "permanent":
      throw new PermanentError("as ordered");
    case "fail":
      return fail("as ordered");
    case "snooze":
      return snooze(20);
    case "cancel":
      return cancel("as ordered");
    case "child": {
      const { kind, payload, options } = { kind: "", ...workload.child(job.id) };
      await ctx.mill.enqueue(kind, payload, options);
      return receipt;
    }
    case "overrun":
      await passed(1_000, ctx.signal);
      ctx.checkCancelled();
      return receipt;
    case "deaf":
      await passed(200 + workload.below(2_500));
      return receipt;
    case "complete":
      await ctx.complete(receipt);
      return undefined;
    case "commit":
    case "rollback":
    case "die":
      return completeIn(ending, job, ctx, receipt);
  }
}

async function completeIn(
  end: TransactionEnd,
  { id, queue }: Job,
  ctx: Context,
  receipt: Receipt,
): Promise<HandlerResult> {
  await transactor.run(end, async (connection) => {
    await connection.note(`completed ${id} ${queue}`);
    await ctx.complete(receipt, { tx: connection.tx });
    return { ends: [{ job: id, token: ctx.token, to: "completed" }] };
  });
  if (end !== "commit") throw new Error("as ordered: it was rolled back");
  return undefined;
}

function newWorker(): Worker<Millrace> {
  const worker = mill.worker({
    queues: Object.fromEntries(queuesOf(input.places).map((name, i) => [name, 1 + (i % 3)])),
    concurrency: input.slots,
    prefetch: workload.below(4),
    labels: input.labels,
    leaseMs: LEASE_MS,
    heartbeatMs: HEARTBEAT_MS,
    stopGraceMs: workload.below(40),
    abortGraceMs: 3_000,
    name: input.name,
  });
  worker.handle<Order>(KINDS.work, witnessed(carryOut));
  worker.handle<Order>(KINDS.bound, witnessed(carryOut));
  worker.handle<Order>(KINDS.keyed, witnessed(carryOut));
  const atOnce = witnessed(async (_: Job, { token }: Context) => ({ token }) satisfies Receipt);
  worker.handle(KINDS.child, atOnce);
  worker.handle(KINDS.timed, atOnce);
  return worker;
}

/** Again while the store is away. */
async function startWorker(): Promise<Worker<Millrace>> {
  const worker = newWorker();
  for (;;) {
    try {
      await worker.start();
      return worker;
    } catch (error) {
      if (!isMillraceError(error) || !error.retryable) throw error;
      await passed(50);
    }
  }
}

let worker = await startWorker();
crew.started();
// Now and then it takes leave and comes again, which releases what it has.
for (;;) {
  await passed(2_000 + workload.below(6_000), leaving);
  if (leaving.aborted) break;
  await worker.stop();
  worker = await startWorker();
}
await worker.stop();
await transactor.close();
await mill.close();
crew.left();
