import type { JobId } from "../../src/core/job.ts";
import { chanceFrom } from "../../src/core/chance.ts";
import type { Entry } from "../../src/verify/history/entry.ts";

const MS = 1_000;
const FAULTS = ["kill", "pause", "db-restart", "backend-kill", "cut", "clock", "disk", "failover"];

/**
 * A history as a drive writes it, made up: jobs that are enqueued, claimed and settled, faults that come every few
 * seconds and stop everything for a while, workers that die with what they hold.
 * @param jobs each is some six entries
 * @param jobsPerSecond on average
 */
export function* longHistory(jobs: number, jobsPerSecond: number, seed = 1): Generator<Entry> {
  const chance = chanceFrom(seed);
  const until = (jobs / jobsPerSecond) * 1_000_000;
  const calls = new Map<string, number>();
  // Machines run for days; nothing begins at 0.
  let now = 987_654_321_000;
  const start = now;
  let nextFault = now + 3_000 * MS;
  for (let i = 0; i < 16; i++) {
    const role = i < 4 ? "producer" : "worker";
    yield { type: "process", at: now, process: `${role}-${i}/1`, name: `${role}-${i}`, pid: 4_000 + i, seed, role };
  }
  const call = (process: string): number => {
    calls.set(process, (calls.get(process) ?? 0) + 1);
    return calls.get(process) ?? 0;
  };
  const latency = (most: number): number => Math.round(300 + most * MS * chance() ** 6);
  for (let i = 0; i < jobs; i++) {
    now += Math.round(((-Math.log(1 - chance()) * until) / jobs) * (1 + 0.5 * Math.sin((now - start) / 9_000_000)));
    const job: JobId = `job_${String(i).padStart(26, "0")}`;
    const producer = `producer-${Math.floor(chance() * 4)}/1`;
    const worker = `worker-${4 + Math.floor(chance() * 12)}/1`;
    const lease = { job, token: 1 };
    const [c1, c2, c3] = [call(producer), call(worker), call(worker)];
    const [t1, t2, t3] = [latency(60), latency(30), latency(90)];
    yield {
      type: "call",
      process: producer,
      call: c1,
      at: now,
      operation: { name: "enqueue", jobs: [{ id: job, scope: "s" }] },
    };
    yield {
      type: "answer",
      process: producer,
      call: c1,
      at: now + t1,
      answer: { name: "enqueue", results: [{ job, number: i + 1 }] },
    };
    const claimed = now + t1 + 900;
    yield {
      type: "call",
      process: worker,
      call: c2,
      at: claimed,
      operation: { name: "claim", worker, leaseMs: 2_000, waits: false },
    };
    yield { type: "answer", process: worker, call: c2, at: claimed + t2, answer: { name: "claim", leases: [lease] } };
    if (chance() < 0.01) continue;
    const settled = claimed + t2 + 4_000;
    yield {
      type: "call",
      process: worker,
      call: c3,
      at: settled,
      operation: { name: "settle", ends: [{ ...lease, to: "completed" }] },
    };
    if (chance() < 0.001) continue;
    const isOutage = chance() < 0.002;
    yield {
      type: "answer",
      process: worker,
      call: c3,
      at: settled + t3,
      answer: isOutage
        ? { name: "error", code: "store_unavailable", isOutage }
        : { name: "settle", statuses: ["settled"] },
    };
    if (now < nextFault) continue;
    const fault = FAULTS[Math.floor(chance() * FAULTS.length)] ?? "kill";
    const took = fault === "kill" || fault === "backend-kill" ? 40 : 300 + 2_500 * chance();
    yield { type: "fault", at: now, until: now + Math.round(took * MS), fault, target: worker };
    // Outages answer nobody.
    if (fault.startsWith("db") || fault === "failover" || fault === "disk") now += Math.round(took * MS);
    nextFault = now + Math.round((1_000 + 4_000 * chance()) * MS);
  }
}
