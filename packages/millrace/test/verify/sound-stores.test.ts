import { describe, expect, it } from "vitest";
import { fileProvider, memoryProvider } from "../stores/sqlite-provider.ts";
import { verdictOn } from "./verdict-on.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1_000_000);

describe("a sound store", () => {
  it.each([
    ["in memory", memoryProvider()],
    ["in a file, each worker on a connection of its own", fileProvider()],
  ])("is found sound: SQLite %s", { timeout: 60_000 }, async (_, provider) => {
    process.stdout.write(`history with MILLRACE_SEED=${SEED}\n`);
    const verdict = await verdictOn(provider, SEED, 400);
    expect(verdict.violations).toEqual([]);
    expect(verdict.unknown).toEqual([]);
    expect(verdict.checked.jobs).toBeGreaterThan(100);
  });
});
