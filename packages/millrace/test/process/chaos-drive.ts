import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { verifyStore, type VerifyOptions, type VerifyOutcome } from "../../src/verify/index.ts";

/** `MILLRACE_SECONDS=600` for a longer drive, `MILLRACE_SEED=…` for one that was seen before. */
export const SECONDS = Number(process.env["MILLRACE_SECONDS"] ?? 20);
export const SEED = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1_000_000);
export const LIMIT_MS = 180_000 + SECONDS * 3_000;

/** Drive until the time is over, and expect that nothing is found. What was recorded of a failed drive is kept, and said. */
export async function expectSoundDrive(options: VerifyOptions): Promise<VerifyOutcome> {
  const outcome = await verifyStore({ jobs: 10_000_000, seconds: SECONDS, seed: SEED, ...options });
  const { figures, violations, unknown, history, audit, command, folder } = outcome;
  process.stdout.write(`${command}\n${JSON.stringify(figures)}\n`);
  if (folder !== null) process.stdout.write(`what was recorded was kept: ${folder}\n`);
  expect(violations).toEqual([]);
  expect(unknown).toEqual([]);
  expect(outcome.verdict).toBe("ok");
  expect(audit?.verdict).toBe("sound");
  expect(history?.checked.jobs).toBeGreaterThanOrEqual(figures.jobs);
  return outcome;
}

/** Deleted after the test. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-chaos-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
