import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../testing/index.ts";
import { Loop, type LoopOptions } from "./loop.ts";

/** Lets everything that is ready to run do so; no time passes. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** A loop whose runs last until they are told to end. */
class Bench {
  readonly clock = new VirtualClock();
  readonly errors: unknown[] = [];
  readonly loop: Loop;
  runs = 0;
  #ends: ((next: number | undefined | Error) => void)[] = [];

  constructor(options: Partial<LoopOptions> = {}) {
    const onError = (error: unknown): void => void this.errors.push(error);
    this.loop = new Loop({
      clock: this.clock,
      random: () => 0,
      everyMs: 1_000,
      run: () => this.#run(),
      onError,
      ...options,
    });
  }

  get running(): number {
    return this.#ends.length;
  }

  #run(): Promise<number | undefined> {
    this.runs += 1;
    return new Promise((resolve, reject) => {
      this.#ends.push((next) => (next instanceof Error ? reject(next) : resolve(next)));
    });
  }

  /** Ends the present run with the pause it asks for. */
  async end(next?: number | Error): Promise<void> {
    this.#ends.shift()?.(next);
    await settled();
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }
}

describe("a loop", () => {
  it("runs at once, and again after its pause", async () => {
    const bench = new Bench();
    bench.loop.start();
    expect(bench.runs).toBe(1);
    await bench.end();
    await bench.pass(999);
    expect(bench.runs).toBe(1);
    await bench.pass(1);
    expect(bench.runs).toBe(2);
  });

  it("does nothing before it is started, however often it is woken", async () => {
    const bench = new Bench();
    bench.loop.wake();
    await bench.pass(5_000);
    expect(bench.runs).toBe(0);
  });

  it("pauses as long as the run asks, but never longer than its own pause", async () => {
    const bench = new Bench();
    bench.loop.start();
    await bench.end(20);
    await bench.pass(20);
    expect(bench.runs).toBe(2);
    await bench.end(60_000);
    await bench.pass(1_000);
    expect(bench.runs).toBe(3);
    await bench.end(-5);
    await bench.pass(0);
    expect(bench.runs).toBe(4);
  });

  it("shortens its pause at random by up to a tenth, so that many do not run as one", async () => {
    const bench = new Bench({ random: () => 0.999 });
    bench.loop.start();
    await bench.end();
    expect(bench.clock.nextInMs).toBeCloseTo(900.1, 5);
  });

  it("runs sooner when it is woken while it waits", async () => {
    const bench = new Bench();
    bench.loop.start();
    await bench.end();
    bench.loop.wake();
    expect(bench.runs).toBe(2);
    await bench.end();
    expect(bench.clock.nextInMs).toBe(1_000);
  });

  it("runs once more, and only once, after it was woken many times while it ran", async () => {
    const bench = new Bench();
    bench.loop.start();
    for (let i = 0; i < 5; i++) bench.loop.wake();
    expect(bench.runs).toBe(1);
    await bench.end();
    await bench.pass(0);
    expect(bench.runs).toBe(2);
    await bench.end();
    await bench.pass(999);
    expect(bench.runs).toBe(2);
  });

  it("goes on after a run that failed, and tells the error", async () => {
    const bench = new Bench();
    bench.loop.start();
    const error = new Error("the store is away");
    await bench.end(error);
    expect(bench.errors).toEqual([error]);
    await bench.pass(1_000);
    expect(bench.runs).toBe(2);
  });

  it("goes on after a run that threw before it promised anything", async () => {
    const errors: unknown[] = [];
    const run = (): never => {
      throw new Error("at once");
    };
    const bench = new Bench({ run, onError: (error) => void errors.push(error) });
    bench.loop.start();
    await settled();
    await bench.pass(1_000);
    expect(errors).toHaveLength(2);
  });
});

describe("a loop that is stopped", () => {
  it("waits for the present run, and runs no more", async () => {
    const bench = new Bench();
    bench.loop.start();
    bench.loop.wake();
    let isStopped = false;
    const stopping = bench.loop.stop().then(() => (isStopped = true));
    await settled();
    expect(isStopped).toBe(false);
    await bench.end();
    await stopping;
    await bench.pass(10_000);
    expect([bench.runs, bench.clock.nextInMs]).toEqual([1, null]);
  });

  it("may be stopped twice, started twice and started again", async () => {
    const bench = new Bench();
    bench.loop.start();
    bench.loop.start();
    await bench.end();
    await Promise.all([bench.loop.stop(), bench.loop.stop()]);
    expect(bench.runs).toBe(1);
    bench.loop.start();
    expect(bench.runs).toBe(2);
    await bench.end();
    await bench.loop.stop();
  });

  it("never overlaps itself, whatever is done to it", async () => {
    const deed = fc.constantFrom("start", "stop", "wake", "end", "fail", "pass");
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { maxLength: 30 }), async (deeds) => {
        const bench = new Bench();
        for (const each of deeds) {
          if (each === "start") bench.loop.start();
          else if (each === "stop") void bench.loop.stop();
          else if (each === "wake") bench.loop.wake();
          else if (each === "pass") await bench.pass(600);
          else await bench.end(each === "fail" ? new Error("no") : undefined);
          expect(bench.running).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 60 },
    );
  });
});
