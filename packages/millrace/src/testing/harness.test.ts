import { describe, expect, test } from "vitest";
import type { AuditReport, Store } from "../core/store.ts";
import { casesOf, runCase, type ConformanceCase, type StoreProvider } from "./harness.ts";

type Run = ConformanceCase["run"];

const SOUND: AuditReport = { verdict: "sound", jobs: 0, violations: [], parts: [] };

/** As much of a store as the runner touches. */
function provider(audit: AuditReport, log: string[], isShared = false): StoreProvider {
  return {
    async open() {
      const store = {
        capabilities: { isSynchronous: true, isShared, isNumberedAtCommit: false },
        audit: async () => audit,
        close: async () => void log.push("closed"),
      } as unknown as Store;
      return {
        store,
        openAnother: async () => store,
        discard: (failed) => void log.push(`discarded, failed: ${failed}`),
      };
    },
  };
}

function aCase(run: Run, change: Partial<ConformanceCase> = {}): ConformanceCase {
  const [made] = casesOf("area", [{ name: "it holds", guarantees: [], run, ...change }]);
  if (made === undefined) throw new Error("casesOf makes a case of each");
  return made;
}

describe("the conformance runner", () => {
  test("passes a case that ends, and closes what was opened before it discards the data", async () => {
    const log: string[] = [];
    const verdict = await runCase(
      aCase(async ({ openAnother }) => void (await openAnother())),
      provider(SOUND, log),
    );
    expect([verdict, log]).toEqual([{ status: "passed" }, ["closed", "closed", "discarded, failed: false"]]);
  });

  test("fails a case that throws, and says that the data is worth keeping", async () => {
    const log: string[] = [];
    const verdict = await runCase(
      aCase(async () => Promise.reject(new Error("two winners"))),
      provider(SOUND, log),
    );
    expect(verdict).toEqual({ status: "failed", error: new Error("two winners") });
    expect(log.at(-1)).toBe("discarded, failed: true");
  });

  test("fails a case after which the audit finds something", async () => {
    const violations = [{ guarantee: "G4", message: "a gap", count: 1, rows: ["mail#2"] }];
    const verdict = await runCase(
      aCase(async () => undefined),
      provider({ ...SOUND, verdict: "violated", violations }, []),
    );
    expect(verdict.status === "failed" && verdict.error.message).toMatch(/the audit finds no violation/);
  });

  test("fails a case that never ends", async () => {
    const verdict = await runCase(
      aCase(async () => new Promise<never>(() => undefined)),
      provider(SOUND, []),
      1,
    );
    expect(verdict.status === "failed" && verdict.error.message).toMatch(/not over after 1 ms/);
  });

  test("skips a case for want of a capability, and names it", async () => {
    const run: Run = async () => Promise.reject(new Error("it ran"));
    const test = aCase(run, { needs: ["isSynchronous", "isShared"] });
    expect(await runCase(test, provider(SOUND, []))).toEqual({ status: "skipped", missing: ["isShared"] });
    expect((await runCase(test, provider(SOUND, [], true))).status).toBe("failed");
  });
});
