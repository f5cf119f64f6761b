import { expect } from "vitest";
import type { StoreProvider } from "../../src/testing/index.ts";
import { verdictOn } from "./verdict-on.ts";

/** `MILLRACE_SEED=…` for what was seen before, `MILLRACE_ROUNDS=5000` for more of it. */
const SEED = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env["MILLRACE_ROUNDS"] ?? 400);

export const LIMIT_MS = 60_000 + ROUNDS * 100;

/** Let a crew play on a store of this kind, and find that all it saw can be true. */
export async function expectSound(provider: StoreProvider): Promise<void> {
  process.stdout.write(`history with MILLRACE_SEED=${SEED}\n`);
  const verdict = await verdictOn(provider, SEED, ROUNDS);
  expect(verdict.violations).toEqual([]);
  expect(verdict.unknown).toEqual([]);
  expect(verdict.checked.jobs).toBeGreaterThan(100);
}
