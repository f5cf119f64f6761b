import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAge, parseInstant } from "./instant.ts";

describe("an instant", () => {
  it.each([
    ["2030-01-31T08:00:00Z", "2030-01-31T08:00:00.000Z"],
    ["2030-01-31T08:00:00.25Z", "2030-01-31T08:00:00.250Z"],
    ["2030-01-31T08:00+02:00", "2030-01-31T06:00:00.000Z"],
    ["2030-01-31t08:00-0530", "2030-01-31T13:30:00.000Z"],
    ["2028-02-29T00:00Z", "2028-02-29T00:00:00.000Z"],
  ])("%s is read as %s", (text, iso) => {
    expect(parseInstant(text, "--at").toISOString()).toBe(iso);
  });

  it("without a zone is local time, the bare date too", () => {
    expect(parseInstant("2030-01-31 08:15", "--at")).toEqual(new Date(2030, 0, 31, 8, 15));
    expect(parseInstant("2030-01-31", "--at")).toEqual(new Date(2030, 0, 31));
  });

  it.each([
    "tomorrow",
    "",
    "2030",
    "2030-02-30",
    "2029-02-29",
    "2030-00-01",
    "2030-13-01",
    "2030-01-01T24:00Z",
    "2030-01-01T08:60Z",
    "2030-01-01T08:00+99:00",
    "1893456000",
    "01/02/2030",
  ])("%j is refused", (text) => {
    expect(() => parseInstant(text, "--at")).toThrow("is not a date and time");
  });

  it("reads what the platform writes", () => {
    const date = fc.date({ min: new Date("1970-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });
    fc.assert(
      fc.property(date, (at) => {
        expect(parseInstant(at.toISOString(), "--at")).toEqual(at);
      }),
    );
  });

  it.each([
    [-90_000, "1m 30s ago"],
    [-400, "now"],
    [5_000, "in 5s"],
  ])("%d ms from now is told as %s", (offset, text) => {
    expect(formatAge(new Date(1_000_000 + offset), 1_000_000)).toBe(text);
  });
});
