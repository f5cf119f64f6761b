import { expect, it } from "vitest";
import { RateLimit } from "./rate-limit.ts";

it("fills evenly, and no further than a minute's worth", () => {
  let nowMs = 0;
  const rate = new RateLimit(60, () => nowMs);
  for (let count = 0; count < 60; count++) rate.take("ann");
  expect(() => rate.take("ann")).toThrow(expect.objectContaining({ code: "rate_limited", retryAfterMs: 1_000 }));
  nowMs = 400;
  expect(() => rate.take("ann")).toThrow(expect.objectContaining({ retryAfterMs: 600 }));
  nowMs = 1_000;
  rate.take("ann");
  expect(() => rate.take("ann")).toThrow("60 requests a minute");
  nowMs = 10_000_000;
  for (let count = 0; count < 60; count++) rate.take("ann");
  expect(() => rate.take("ann")).toThrow("60 requests a minute");
});

it("forgets whoever was not heard of for longest", () => {
  const rate = new RateLimit(1, () => 0);
  rate.take("first");
  rate.take("second");
  expect(() => rate.take("first")).toThrow("1 requests");
  // Eleven thousand callers do not fit; `first` was heard of after `second`, and both have gone.
  for (let count = 0; count < 11_000; count++) rate.take(`caller ${count}`);
  rate.take("first");
  expect(() => rate.take("caller 10999")).toThrow("1 requests");
});
