import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkCron, nextCronTime } from "./cron.ts";
import { isMillraceError } from "./errors.ts";

/** The next `count` times after an instant. */
function times(cron: string, timeZone: string, after: string, count: number): readonly string[] {
  const found: string[] = [];
  let at: Date | null = new Date(after);
  while (found.length < count && at !== null) {
    at = nextCronTime(cron, timeZone, at);
    if (at !== null) found.push(at.toISOString().replace(":00.000Z", "Z"));
  }
  return found;
}

describe("a cron rule", () => {
  it("comes strictly after the instant it is asked for", () =>
    expect(times("0 12 * * *", "UTC", "2026-05-01T12:00:00Z", 2)).toEqual(["2026-05-02T12:00Z", "2026-05-03T12:00Z"]));

  it("may have seconds as a sixth field in front", () =>
    expect(nextCronTime("*/15 * * * * *", "UTC", new Date("2026-05-01T12:00:01Z"))?.toISOString()).toBe(
      "2026-05-01T12:00:15.000Z",
    ));

  it("is about the clock on the wall of its time zone", () => {
    expect(times("30 9 * * 1", "Asia/Kolkata", "2026-05-01T00:00:00Z", 1)).toEqual(["2026-05-04T04:00Z"]);
    expect(times("30 9 * * 1", "America/New_York", "2026-05-01T00:00:00Z", 1)).toEqual(["2026-05-04T13:30Z"]);
  });

  it("has no next time when there is none", () => expect(nextCronTime("0 0 30 2 *", "UTC", new Date())).toBeNull());

  it("is met by every time it names, and each is later than the last", () => {
    const instants = fc.date({ min: new Date("2000-01-01"), max: new Date("2080-01-01"), noInvalidDate: true });
    fc.assert(
      fc.property(instants, fc.constantFrom("UTC", "Europe/Berlin", "America/New_York"), (after, timeZone) => {
        const next = nextCronTime("*/10 * * * *", timeZone, after);
        expect(next).not.toBeNull();
        const gapMs = (next?.getTime() ?? 0) - after.getTime();
        expect(gapMs).toBeGreaterThan(0);
        expect(gapMs).toBeLessThanOrEqual(600_000);
        expect((next?.getTime() ?? 1) % 600_000).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});

describe("where clocks are put forward", () => {
  it("a time that does not exist is moved to the next that does, in Europe/Berlin", () =>
    expect(times("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2)).toEqual([
      "2026-03-29T01:00Z",
      "2026-03-30T00:30Z",
    ]));

  it("a time that does not exist is moved to the next that does, in America/New_York", () =>
    expect(times("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", 2)).toEqual([
      "2026-03-08T07:00Z",
      "2026-03-09T06:30Z",
    ]));

  it("the times of the rest of the day keep their place on the wall", () =>
    expect(times("0 9 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3)).toEqual([
      "2026-03-28T08:00Z",
      "2026-03-29T07:00Z",
      "2026-03-30T07:00Z",
    ]));
});

describe("where clocks are put back", () => {
  it("a time that there are two of happens once, in Europe/Berlin", () =>
    expect(times("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2)).toEqual([
      "2026-10-25T00:30Z",
      "2026-10-26T01:30Z",
    ]));

  it("a time that there are two of happens once, in America/New_York", () =>
    expect(times("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2)).toEqual([
      "2026-11-01T05:30Z",
      "2026-11-02T06:30Z",
    ]));

  it("a rule of intervals goes on through the doubled hour, without a gap", () =>
    expect(times("*/20 * * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", 4)).toEqual([
      "2026-10-25T00:40Z",
      "2026-10-25T01:00Z",
      "2026-10-25T01:20Z",
      "2026-10-25T01:40Z",
    ]));

  it("a daily rule comes once for each day of the year", () => {
    for (const timeZone of ["Europe/Berlin", "America/New_York"]) {
      const days = times("30 2 * * *", timeZone, "2026-01-01T12:00:00Z", 364).map((at) => at.slice(0, 10));
      expect(new Set(days).size).toBe(364);
      expect(days.at(-1)).toBe("2026-12-31");
    }
  });
});

function complaint(cron: string, timeZone: string): string {
  try {
    checkCron(cron, timeZone);
  } catch (error) {
    if (isMillraceError(error)) return `${error.code}: ${error.message}`;
  }
  return "";
}

describe("a rule that is none", () => {
  it("is accepted when it is one", () => expect(complaint("*/5 * * * *", "Europe/Berlin")).toBe(""));

  it.each([
    ["every day", "UTC", '"every day" is no cron rule'],
    ["61 * * * *", "UTC", '"61 * * * *" is no cron rule'],
    ["", "UTC", '"" is no cron rule'],
    ["* * *", "UTC", "Expected five fields"],
    ["* * * * *", "Europe/Berln", '"Europe/Berln" is no time zone'],
    ["* * * * *", "", '"" is no time zone'],
  ])('"%s" in "%s" is refused as request_invalid', (cron, timeZone, why) => {
    expect(complaint(cron, timeZone)).toContain("request_invalid");
    expect(complaint(cron, timeZone)).toContain(why);
  });
});
