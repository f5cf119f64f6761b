import { describe, expect, test } from "vitest";
import { VIRTUAL_EPOCH, VirtualClock } from "./virtual-clock.ts";

describe("a virtual clock", () => {
  test("stands still until it is told to go on", () => {
    const clock = new VirtualClock();
    expect([clock.now(), clock.monotonic()]).toEqual([VIRTUAL_EPOCH, 0]);
    clock.advance(250);
    expect([clock.now(), clock.monotonic(), clock.date(1)]).toEqual([
      VIRTUAL_EPOCH + 250,
      250,
      new Date(VIRTUAL_EPOCH + 251),
    ]);
  });

  test("fires timers in the order in which they are due, each at its own time", () => {
    const clock = new VirtualClock(0);
    const fired: [string, number][] = [];
    const note = (name: string) => (): void => void fired.push([name, clock.now()]);
    clock.after(30, note("c"));
    clock.after(10, note("a"));
    clock.after(10, note("b"));
    clock.advance(29);
    expect(fired).toEqual([
      ["a", 10],
      ["b", 10],
    ]);
    expect(clock.nextInMs).toBe(1);
    clock.advance(1);
    expect(fired.at(-1)).toEqual(["c", 30]);
    expect(clock.nextInMs).toBeNull();
  });

  test("fires a timer that another one sets within the span", () => {
    const clock = new VirtualClock(0);
    const fired: number[] = [];
    const again = (): void => {
      fired.push(clock.now());
      if (fired.length < 5) clock.after(10, again);
    };
    clock.after(10, again);
    clock.advance(35);
    expect(fired).toEqual([10, 20, 30]);
  });

  test("does not fire what was called off", () => {
    const clock = new VirtualClock(0);
    let count = 0;
    const timer = clock.after(10, () => void count++);
    timer.cancel();
    timer.cancel();
    clock.advance(100);
    expect(count).toBe(0);
  });

  test("can be set back without time going backwards", () => {
    const clock = new VirtualClock(1_000);
    let count = 0;
    clock.after(10, () => void count++);
    clock.step(-500);
    expect([clock.now(), clock.monotonic(), count]).toEqual([500, 0, 0]);
    clock.advance(10);
    expect([clock.now(), clock.monotonic(), count]).toEqual([510, 10, 1]);
    expect(() => clock.advance(-1)).toThrow(RangeError);
  });
});
