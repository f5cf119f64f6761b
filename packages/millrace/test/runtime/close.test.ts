import { OptionsError, ShutdownError, type Millrace } from "millrace";
import { expect, it } from "vitest";
import { onSharedStores, onEveryStore } from "./bench.ts";
import { Gate, until } from "./until.ts";

const ID = "job_00000000000000000000000000";

const CALLS: Readonly<Record<string, (mill: Millrace) => Promise<unknown>>> = {
  enqueue: (mill) => mill.enqueue("k"),
  enqueueMany: (mill) => mill.enqueueMany([{ kind: "k" }]),
  get: (mill) => mill.get(ID),
  find: (mill) => mill.find({ scope: "s", number: 1 }),
  list: (mill) => mill.list(),
  counts: (mill) => mill.counts(),
  wait: (mill) => mill.wait(ID),
  cancel: (mill) => mill.cancel(ID),
  retry: (mill) => mill.retry(ID),
  explain: (mill) => mill.explain(ID),
  attempts: (mill) => mill.attempts(ID),
  logs: (mill) => mill.logs(ID),
  events: (mill) => mill.events().next(),
  "events from a cursor": (mill) => mill.events({ after: "1.0" }).next(),
  pause: (mill) => mill.queue("q").pause(),
  configure: (mill) => mill.queue("q").configure({ maxAttempts: 1 }),
  queues: (mill) => mill.queues(),
  workers: (mill) => mill.workers(),
  schedule: (mill) => mill.schedule("s", "* * * * *", "k"),
  unschedule: (mill) => mill.unschedule("s"),
  schedules: (mill) => mill.schedules(),
  number: (mill) => mill.number("s"),
  adoptNumbers: (mill) => mill.adoptNumbers("s", 1),
  migrate: (mill) => mill.migrate(),
  prune: (mill) => mill.prune(),
  verify: (mill) => mill.verify(),
  diagnose: (mill) => mill.diagnose(),
  "starting a worker": (mill) => mill.worker().start(),
};

onEveryStore("a client that was closed", (bench) => {
  it.each(Object.keys(CALLS))("answers %s with ShutdownError", async (name) => {
    const mill = await bench().open();
    await mill.close();
    const error = await CALLS[name]?.(mill).then(
      () => "it went through",
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ShutdownError);
    expect(error).toMatchObject({ code: "shutting_down", retryable: true });
  });

  it("may be closed again, also at the same time", async () => {
    const mill = await bench().open();
    await Promise.all([mill.close(), mill.close()]);
    await mill.close();
  });
});

onEveryStore("closing a client", (bench) => {
  it("stops its workers, and waits for what they run", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    const worker = bench()
      .worker(mill, { stopGraceMs: 10_000 })
      .handle("k", () => gate.pass());
    await worker.start();
    const { id } = await mill.enqueue("k");
    await until("it runs", () => gate.arrived === 1);
    const ends: (string | undefined)[] = [];
    const waiting = mill.wait(id).then(({ state }) => ends.push(state));
    const closing = mill.close();
    gate.open();
    await closing;
    await waiting;
    expect(ends).toEqual(["completed"]);
  });

  it("ends those who wait for a job with ShutdownError, and those who follow events", async () => {
    const mill = await bench().open();
    const { id } = await mill.enqueue("k");
    const waiting = mill.wait(id).catch((error: unknown) => error);
    const following = (async () => {
      for await (const event of mill.events()) expect(event.kind).toBe("k");
      return "ended";
    })();
    // Both have begun once a later answer is there.
    await mill.enqueue("k");
    await mill.close();
    expect(await waiting).toBeInstanceOf(ShutdownError);
    expect(await following).toBe("ended");
  });

  it("writes first what was asked before", async () => {
    const mill = await bench().open();
    const asked = Promise.all(Array.from({ length: 50 }, () => mill.enqueue("k")));
    // The calls of a turn are joined in the next, and have then reached the store.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => void setImmediate(resolve));
    await mill.close();
    expect((await asked).at(-1)?.number).toBe(50);
  });

  it("is not for handlers: the client they are given is their worker's", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      .handle("k", (_, ctx) => ctx.mill.close())
      .start();
    const job = await mill.wait((await mill.enqueue("k", null, { maxAttempts: 1 })).id);
    expect(job.error).toMatchObject({ name: OptionsError.name });
    expect(job.error?.message).toContain("ctx.mill belongs to the worker");
  });
});

onSharedStores("closing one of two clients", (bench) => {
  it("leaves the other as it was, and its jobs to the other's worker", async () => {
    const [mill, other] = [await bench().open(), await bench().open()];
    const gate = new Gate();
    const worker = bench()
      .worker(mill, { stopGraceMs: 20, abortGraceMs: 20 })
      .handle("k", () => gate.pass());
    await worker.start();
    const { id } = await mill.enqueue("k");
    await until("it runs", () => gate.arrived === 1);
    await bench()
      .worker(other)
      .handle("k", () => "by the other")
      .start();
    await mill.close();
    expect(await other.wait(id)).toMatchObject({ state: "completed", result: "by the other", attempt: 1 });
    gate.open();
  });
});
