import { expect } from "vitest";

/** Stands for any text that fits, without the `any` of its original. */
export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern) as unknown;
}
