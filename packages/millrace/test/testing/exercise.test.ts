import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { defineJob } from "millrace";
import { exercise, ExerciseError, type ExerciseOptions, type FaultName } from "millrace/testing";
import { describe, expect, it } from "vitest";

interface Charge {
  readonly card: string;
  readonly cents: number;
}

/** A bank that charges whenever it is asked to, but for a request it has seen. */
class Bank {
  readonly charges: Charge[] = [];
  readonly #seen = new Set<string>();

  charge(charge: Charge, request?: string): Promise<{ receipt: number }> {
    if (request === undefined || !this.#seen.has(request)) this.charges.push(charge);
    if (request !== undefined) this.#seen.add(request);
    return sleep(1, { receipt: this.charges.length });
  }
}

/** Promises as they are before anything has run. */
const NATIVE = promiseProperties();

const chargeCard = defineJob<Charge>("card.charge");
const payload = { card: "4711", cents: 500 };
const ALL: readonly FaultName[] = ["die", "deliver-twice", "lose-reply", "slow", "time-out", "cancel"];

type Options = ExerciseOptions<Charge, Bank>;

const chargedOnce: Options["check"] = ({ world, job }) => {
  assert.equal(job.state, "completed");
  assert.equal(world.charges.length, 1, "the card is charged once");
};

const careless: Options = {
  setup: () => new Bank(),
  handler: (job, _, bank) => bank.charge(job.payload),
  check: chargedOnce,
};

const careful: Options = { ...careless, handler: (job, _, bank) => bank.charge(job.payload, job.id) };

async function conviction(options: Options): Promise<ExerciseError> {
  const error: unknown = await exercise(chargeCard, payload, options).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof ExerciseError, `expected an ExerciseError, got ${String(error)}`);
  return error;
}

describe("exercise", () => {
  it("convicts a handler that charges a card twice when it is delivered twice", async () => {
    const { message, report } = await conviction({ ...careless, faults: ["deliver-twice"] });
    expect(message).toContain('exercise("card.charge"): 1 of 1 faults break the handler (seed 1)');
    expect(message).toContain("the card is charged once");
    expect(message).toContain('again: exercise(…, { …, seed: 1, only: "deliver-twice" })');
    expect(report.runs.map(({ fault, error }) => [fault, error === null])).toEqual([
      ["none", true],
      ["deliver-twice", false],
    ]);
  });

  it("finds nothing wrong with its idempotent neighbour, whatever happens to it", async () => {
    const { runs } = await exercise(chargeCard, payload, {
      ...careful,
      handler: async (job, _, bank) => {
        await sleep(1);
        return bank.charge(job.payload, job.id);
      },
      enqueue: { timeoutMs: 60_000 },
      faults: ALL,
      check: (end) => {
        assert.equal(end.job.state, end.fault.startsWith("cancel") ? "cancelled" : "completed");
        assert.equal(end.world.charges.length, 1);
      },
    });
    expect(runs.every(({ isStruck, fault }) => isStruck || fault === "none")).toBe(true);
    expect(runs.map(({ fault, job }) => `${fault} ${job?.attempt}`)).toEqual([
      "none 1",
      "die:1 2",
      "die:2 2",
      "deliver-twice 2",
      "lose-reply:1 1",
      "slow:1 2",
      "slow:2 2",
      "time-out:1 2",
      "time-out:2 2",
      "cancel:1 1",
      "cancel:2 1",
    ]);
  });

  it("stops a handler that dies at the await, and nowhere else", async () => {
    const steps: string[][] = [];
    const { awaits } = await exercise<null, string[]>("steps", null, {
      faults: ["die"],
      setup: () => (steps[steps.length] = []),
      handler: async (_, ctx, seen) => {
        try {
          seen.push(`${ctx.token}a`);
          await sleep(1);
          seen.push(`${ctx.token}b`);
          await Promise.all([sleep(1), sleep(2).then(() => seen.push(`${ctx.token}c`))]);
          seen.push(`${ctx.token}d`);
          await assert.rejects(Promise.reject(new Error("no")));
        } finally {
          seen.push(`${ctx.token}e`);
        }
      },
      check: ({ job }) => assert.equal(job.state, "completed"),
    });
    const second = ["2a", "2b", "2c", "2d", "2e"];
    expect(steps[0]).toEqual(["1a", "1b", "1c", "1d", "1e"]);
    expect(steps[1]).toEqual(["1a", ...second]);
    expect(steps.at(-1)).toEqual(["1a", "1b", "1c", "1d", ...second]);
    expect(steps).toHaveLength(awaits.length + 1);
    expect(awaits.every((place) => place.includes("exercise.test.ts:"))).toBe(true);
  });

  it("lets a process that stood still go on after another has done its work, and refuses what it writes", async () => {
    const { message } = await conviction({ ...careful, faults: ["slow"], handler: fencedByNothing });
    expect(message).toContain("the process stood still at await 1");
    await exercise(chargeCard, payload, {
      ...careful,
      faults: ["slow"],
      handler: async (job, ctx, bank) => {
        await sleep(1);
        // The queue refuses a token that has been overtaken, and with it the work.
        await ctx.complete({ ok: true });
        return bank.charge(job.payload);
      },
    });
  });

  it("loses the answer of an enqueue that has had its effect, so that one without a key is done twice", async () => {
    const options: Options = {
      ...careful,
      faults: ["lose-reply"],
      handler: async (_, ctx) => void (await ctx.mill.enqueue("mail.receipt")),
      check: ({ enqueued }) => assert.equal(enqueued.length, 1, "one receipt"),
    };
    const { message, report } = await conviction(options);
    expect(message).toContain("write 1 (enqueue) had its effect, but its answer was lost");
    expect(report.writes).toEqual(["enqueue", "settle"]);
    await exercise(chargeCard, payload, {
      ...options,
      handler: async (job, ctx) => void (await ctx.mill.enqueue("mail.receipt", null, { key: job.id })),
    });
  });

  it("replays by seed: the same faults end the same way, and one of them alone as among the others", async () => {
    const seeds = { ...careless, handler: fencedByNothing, seed: 42, most: 2 };
    const [once, again] = [await conviction(seeds), await conviction(seeds)];
    const story = ({ report }: ExerciseError): unknown =>
      report.runs.map(({ fault, job, error }) => [fault, job, error?.message]);
    expect(story(again)).toEqual(story(once));
    expect(again.report.runs).toHaveLength(3);
    const broken = once.report.runs.find(({ error }) => error !== null);
    assert.ok(broken !== undefined);
    const alone = await conviction({ ...seeds, only: broken.fault });
    expect(alone.report.runs[1]).toEqual(broken);
  });

  it("tells a check that does not hold without any fault, and what fails before the check as it is", async () => {
    const { message } = await conviction({ ...careless, check: () => assert.fail("never right") });
    expect(message).toContain("the check does not hold, even without a fault");
    await expect(
      exercise(chargeCard, payload, { ...careless, setup: () => Promise.reject(new Error("no database")) }),
    ).rejects.toThrow(/^no database$/);
  });

  it("waits for time by its own clock, and for what is real in real time", async () => {
    const report = await exercise<null, { readonly nap: (ms: number) => Promise<void> }>("nap", null, {
      setup: ({ clock }) => ({ nap: (ms) => clock.sleep(ms) }),
      handler: async (_, __, { nap }) => {
        await nap(600_000);
        await sleep(3);
      },
      check: ({ job }) => assert.equal(job.state, "completed"),
      faults: ["deliver-twice"],
    });
    const [, twice] = report.runs;
    const { createdAt, finishedAt } = twice?.job ?? {};
    expect(Number(finishedAt) - Number(createdAt)).toBeGreaterThan(2 * 600_000);
  });

  it("leaves promises as it found them", async () => {
    await exercise(chargeCard, payload, { ...careful, faults: [] });
    await conviction({ ...careless, faults: ["deliver-twice"] });
    expect(promiseProperties()).toEqual(NATIVE);
  });

  it("refuses what it cannot do", async () => {
    const asked = (change: object): Promise<unknown> => exercise(chargeCard, payload, { ...careful, ...change });
    await expect(asked({ only: "die" })).rejects.toThrow('such as "die:3"');
    await expect(asked({ only: "dye:3" })).rejects.toThrow('did you mean "die"');
    await expect(asked({ only: "die:9" })).rejects.toThrow('"die:9" did not come to pass');
    await expect(asked({ faults: ["fire"] })).rejects.toThrow('got "fire"');
    await expect(asked({ faults: ["time-out"] })).rejects.toThrow("needs a time limit");
    await expect(asked({ chek: chargedOnce })).rejects.toThrow('did you mean "check"');
    await expect(asked({ check: undefined })).rejects.toThrow("check must be a function");
  });
});

function promiseProperties(): (PropertyDescriptor | undefined)[] {
  const prototype: object = Promise.prototype;
  return ["constructor", "then"].map((name) => Object.getOwnPropertyDescriptor(prototype, name));
}

/** Charges after it has looked, and looks before it stands still. */
async function fencedByNothing(job: { readonly payload: Charge }, _: unknown, bank: Bank): Promise<void> {
  if (bank.charges.length > 0) return;
  await sleep(1);
  await bank.charge(job.payload);
}
