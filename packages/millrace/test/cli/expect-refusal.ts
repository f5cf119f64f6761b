import { expect } from "vitest";
import type { Run } from "./spawn-millrace.ts";

interface Refusal {
  readonly exitCode: number;
  /** Parts of standard error. */
  readonly says: readonly string[];
}

/** Nobody who types something wrong is shown the inside of the program, or half of an answer. */
export function expectRefusal({ exitCode, stdout, stderr }: Run, expected: Refusal): void {
  for (const part of expected.says) expect(stderr).toContain(part);
  expect(stderr).not.toMatch(/^\s+at .+:\d+/m);
  expect(stderr).not.toContain("unexpected:");
  expect(stdout).toBe("");
  expect(exitCode).toBe(expected.exitCode);
}
