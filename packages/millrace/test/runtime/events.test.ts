import { cancel, snooze, type JobEvent, type Millrace } from "millrace";
import { expect, it } from "vitest";
import { onSharedStores, onEveryStore } from "./bench.ts";
import { Gate, reasonOf, until } from "./until.ts";

/** Reads on until the job has ended, and answers what was told of it. */
async function lifeOf(events: AsyncIterable<JobEvent>, id: string): Promise<string[]> {
  const told: string[] = [];
  for await (const { job, type } of events) {
    if (job === id) told.push(type);
    if (job === id && ["completed", "failed", "cancelled"].includes(type)) break;
  }
  return told;
}

const AT_ONCE = { backoff: { type: "fixed", delayMs: 0 } } as const;

onEveryStore("the events of a job", (bench) => {
  it("tell its whole life, in order", async () => {
    const mill = await bench().open();
    const moves = [
      () => {
        throw new Error("no");
      },
      () => snooze(1),
      () => "done",
    ];
    await bench()
      .worker(mill)
      .handle("k", () => moves.shift()?.())
      .start();
    const events = mill.events();
    const { id } = await mill.enqueue("k", null, AT_ONCE);
    expect(await lifeOf(events, id)).toEqual([
      "enqueued",
      "started",
      "retrying",
      "started",
      "snoozed",
      "started",
      "completed",
    ]);
  });

  it.each([
    [
      "fails",
      () => {
        throw new Error("no");
      },
      ["enqueued", "started", "failed"],
    ],
    ["cancels itself", () => cancel(), ["enqueued", "started", "cancelled"]],
  ])("tell of one that %s", async (_, handler, life) => {
    const mill = await bench().open();
    await bench().worker(mill).handle("k", handler).start();
    const events = mill.events();
    const { id } = await mill.enqueue("k", null, { maxAttempts: 1 });
    expect(await lifeOf(events, id)).toEqual(life);
  });

  it("tell of a cancel, when it is asked for and when it is done", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    await bench()
      .worker(mill)
      .handle("k", async (_, ctx) => {
        gate.pass().catch(() => undefined);
        await reasonOf(ctx.signal);
      })
      .start();
    const events = mill.events();
    const { id } = await mill.enqueue("k");
    await until("it runs", () => gate.arrived === 1);
    await mill.cancel(id);
    expect(await lifeOf(events, id)).toEqual(["enqueued", "started", "cancel_requested", "cancelled"]);
  });

  it("carry what names the job, and the time", async () => {
    const mill = await bench().open();
    const events = mill.events();
    const job = await mill.enqueue("mail.send", null, { queue: "mail", scope: "acme" });
    for await (const event of events) {
      expect(event).toMatchObject({
        type: "enqueued",
        job: job.id,
        number: 1,
        scope: "acme",
        queue: "mail",
        kind: "mail.send",
      });
      expect(event.at.getTime()).toBeGreaterThanOrEqual(job.createdAt.getTime());
      break;
    }
  });
});

/** Payload-free jobs, enqueued singly and together. */
async function enqueueSome(mill: Millrace, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count / 2 }, () => mill.enqueue("k")));
  await mill.enqueueMany(Array.from({ length: count / 2 }, () => ({ kind: "k" })));
}

onEveryStore("the stream of events", (bench) => {
  it("begins at the call, not at the first step of the loop over it", async () => {
    const mill = await bench().open();
    await mill.enqueue("before");
    const events = mill.events();
    await mill.enqueue("after");
    for await (const { kind } of events) {
      expect(kind).toBe("after");
      break;
    }
  });

  it("is complete and in order over many pages, and can be taken up again at any cursor", async () => {
    const mill = await bench().open();
    const events = mill.events();
    await enqueueSome(mill, 1_400);
    const first: JobEvent[] = [];
    for await (const event of events) {
      first.push(event);
      if (first.length === 777) break;
    }
    const rest: JobEvent[] = [];
    for await (const event of mill.events({ after: first.at(-1)?.cursor ?? "" })) {
      rest.push(event);
      if (rest.length === 1_400 - 777) break;
    }
    const numbers = [...first, ...rest].map(({ number }) => number);
    expect(numbers).toEqual(Array.from({ length: 1_400 }, (_, i) => i + 1));
  });

  it("waits for news, and ends with its signal", async () => {
    const mill = await bench().open();
    const controller = new AbortController();
    const kinds: string[] = [];
    const following = (async () => {
      for await (const { kind } of mill.events({ signal: controller.signal })) kinds.push(kind);
    })();
    await mill.enqueue("one");
    await until("the first is heard", () => kinds.length === 1);
    await mill.enqueue("two");
    await until("the second is heard", () => kinds.length === 2);
    controller.abort();
    await following;
    expect(kinds).toEqual(["one", "two"]);
  });

  it("refuses a cursor that is none", async () => {
    const mill = await bench().open();
    await expect(mill.events({ after: "yesterday" }).next()).rejects.toThrow('"yesterday" is no cursor of events');
    expect(() => mill.events({ form: "x" } as never)).toThrow(/"form" is not an option/);
  });
});

onSharedStores("events of another client", (bench) => {
  it("are heard as those of one's own", async () => {
    const [mill, other] = [await bench().open(), await bench().open()];
    const events = mill.events();
    await bench()
      .worker(other)
      .handle("k", () => 1)
      .start();
    const { id } = await other.enqueue("k");
    expect(await lifeOf(events, id)).toEqual(["enqueued", "started", "completed"]);
  });
});
