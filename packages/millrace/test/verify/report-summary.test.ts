import { describe, expect, it } from "vitest";
import type { JobId } from "../../src/core/job.ts";
import type { Answer, Entry, Operation } from "../../src/verify/history/entry.ts";
import { Latencies } from "../../src/verify/report/latencies.ts";
import { summarize } from "../../src/verify/report/run-summary.ts";
import { longHistory } from "./long-history.ts";

const SECOND = 1_000_000;

function told(
  process: string,
  call: number,
  [from, until]: readonly [from: number, until: number],
  operation: Operation,
  answer?: Answer,
): readonly Entry[] {
  const asked: Entry = { type: "call", process, call, at: from, operation };
  return answer === undefined ? [asked] : [asked, { type: "answer", process, call, at: until, answer }];
}

const lease = (n: number): { readonly job: JobId; readonly token: number } => ({
  job: `job_${String(n).padStart(26, "0")}`,
  token: 1,
});
const claim = (worker: string, call: number, at: number, jobs: readonly number[], waits = false): readonly Entry[] =>
  told(
    worker,
    call,
    [at, at + 1_000],
    { name: "claim", worker, leaseMs: 1_000, waits },
    { name: "claim", leases: jobs.map(lease) },
  );

describe("the summary of a history", () => {
  it("counts leases that were handed out, and those of which nobody ever said anything", () => {
    const ends = [1, 2].map((n) => ({ ...lease(n), to: "completed" as const }));
    const summary = summarize([
      // Read before the claim of what it ends.
      ...told(
        "a itself",
        1,
        [2 * SECOND, 2 * SECOND + 500],
        { name: "transact", jobs: [], ends: [{ ...lease(3), to: "completed" }], to: "commit" },
        { name: "transact" },
      ),
      ...claim("a", 1, 0, [1, 2, 3, 4]),
      ...told(
        "a",
        2,
        [SECOND, SECOND + 500],
        { name: "settle", ends },
        { name: "settle", statuses: ["settled", "lost"] },
      ),
      ...claim("b", 1, 0, [5]),
      ...told("b", 2, [3 * SECOND, 3 * SECOND + 9], { name: "leave", worker: "b" }, { name: "leave" }),
      ...claim("c", 1, 0, [6], true),
      ...told("c", 2, [4 * SECOND, 0], { name: "heartbeat", leases: [lease(6)], leaseMs: 1_000 }),
    ]);
    expect(summary).toMatchObject({ from: 0, until: 4 * SECOND, calls: 7, claims: 6, settled: 2, unanswered: 1 });
    // The fourth of "a", and what "c" holds.
    expect(summary.neverSettled).toBe(2);
    expect(summary.latencies.claim.count).toBe(2);
    expect(summary.latencies.settle.max).toBe(500);
  });

  it("counts a rollback for nothing, and errors by their code", () => {
    const transact: Operation = {
      name: "transact",
      jobs: [],
      ends: [{ ...lease(1), to: "completed" }],
      to: "rollback",
    };
    const outage: Answer = { name: "error", code: "store_unavailable", isOutage: true };
    const summary = summarize([
      ...told("a", 1, [0, 5], transact, { name: "transact" }),
      ...told("a", 2, [9, 12], { name: "promote" }, outage),
      ...told("a", 3, [20, 22], { name: "rescue" }, outage),
    ]);
    expect(summary.settled).toBe(0);
    expect([...summary.errors]).toEqual([["store_unavailable", 2]]);
  });

  it("is the same in whatever order the processes are read", () => {
    const entries = [...longHistory(300, 40)];
    const byProcess = Object.values(Object.groupBy(entries, (entry) => ("process" in entry ? entry.process : "")));
    const there = summarize(entries);
    const here = summarize(byProcess.toReversed().flatMap((all) => all ?? []));
    const seen = ({ bins, binWidth, ...rest }: typeof there): unknown => ({
      ...rest,
      binWidth,
      bins: bins.map(({ at, settled, settle, enqueue }) => [at, settled, settle.quantile(0.99), enqueue.count]),
      latencies: rest.latencies.settle.quantile(0.5),
    });
    expect(seen(here)).toEqual(seen(there));
  });

  it("puts everything that was settled into a few bins, however long it took and wherever it began", () => {
    for (const perSecond of [5_000, 40, 0.01]) {
      const { bins, binWidth, settled, from, until } = summarize(longHistory(400, perSecond));
      expect(bins.length).toBeLessThanOrEqual(240);
      expect(bins.reduce((sum, bin) => sum + bin.settled, 0)).toBe(settled);
      expect(bins[0]?.at).toBeGreaterThan(from - binWidth);
      expect(bins.at(-1)?.at).toBeLessThanOrEqual(until);
      bins.slice(1).forEach(({ at }, i) => expect(at).toBe((bins[i]?.at ?? 0) + binWidth));
    }
  });

  it("knows latencies to a few per cent without keeping them", () => {
    const latencies = new Latencies();
    expect(latencies.quantile(0.5)).toBeNull();
    for (let us = 1; us <= 100_000; us++) latencies.add(us);
    for (const part of [0.01, 0.5, 0.99]) {
      expect((latencies.quantile(part) ?? 0) / (part * 100_000)).toBeGreaterThan(0.98);
      expect((latencies.quantile(part) ?? 0) / (part * 100_000)).toBeLessThan(1.02);
    }
    expect(latencies.quantile(1)).toBeGreaterThan(98_000);
    expect(latencies.max).toBe(100_000);
  });
});
