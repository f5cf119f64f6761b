import { describe, expect, it } from "vitest";
import { jwtFor } from "./bench.ts";
import { aRemoteWorker, aWorkerServer, claimOne, leaseOf, type ClaimedJob } from "./remote-worker.ts";

/** Lets the event loop turn so often. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => void setImmediate(resolve));
}

describe("POST /v1/workers/{id}/settle", () => {
  it("writes each outcome", async () => {
    const { ask, mill } = await aWorkerServer();
    const kinds = ["complete", "empty", "retry", "fail", "snooze", "release"];
    await mill.enqueueMany(kinds.map((kind) => ({ kind })));
    const worker = await aRemoteWorker({ ask }, { slots: 10 });
    const { jobs } = (await worker.claim(10)).body;
    const lease = Object.fromEntries(jobs.map((job) => [job.kind, leaseOf(job)]));
    const { body } = await worker.settle(
      { ...lease["complete"], outcome: "complete", result: { pages: 3 } },
      { ...lease["empty"], outcome: "complete" },
      { ...lease["retry"], outcome: "fail", error: "no answer" },
      { ...lease["fail"], outcome: "fail", error: { name: "BadPdf", message: "no pages" }, permanent: true },
      { ...lease["snooze"], outcome: "snooze", delayMs: 60_000 },
      { ...lease["release"], outcome: "release" },
    );
    expect(body).toEqual({ statuses: kinds.map(() => "settled") });
    const after = Object.fromEntries((await mill.list()).jobs.map((job) => [job.kind, job]));
    expect(after["complete"]).toMatchObject({ state: "completed", result: { pages: 3 } });
    expect(after["empty"]).toMatchObject({ state: "completed", result: null });
    expect(after["retry"]).toMatchObject({
      state: "scheduled",
      attempt: 1,
      error: { name: "Error", message: "no answer" },
    });
    expect(after["fail"]).toMatchObject({
      state: "failed",
      error: { name: "BadPdf", message: "no pages", permanent: true },
    });
    expect(after["snooze"]).toMatchObject({ state: "scheduled", attempt: 0 });
    expect(after["release"]).toMatchObject({ state: "queued", attempt: 0 });
  });

  it("keeps to the job's own limit and backoff, and else to its queue's", async () => {
    const { ask, mill } = await aWorkerServer();
    await mill.queue("slow").configure({ backoff: { type: "fixed", delayMs: 500_000 }, maxAttempts: 1_000 });
    await mill.enqueue("last", null, { queue: "slow", maxAttempts: 1 });
    await mill.enqueue("own", null, { queue: "slow", backoff: { type: "fixed", delayMs: 1_000_000 } });
    await mill.enqueue("queue", null, { queue: "slow" });
    const worker = await aRemoteWorker({ ask }, { slots: 3 });
    const { jobs } = (await worker.claim(3)).body;
    const failed = jobs.map((job) => ({ ...leaseOf(job), outcome: "fail" }));
    await worker.settle(...failed);
    const after = Object.fromEntries((await mill.list()).jobs.map((job) => [job.kind, job]));
    const waitOf = (kind: string): number => Math.round(((after[kind]?.runAt.getTime() ?? 0) - Date.now()) / 100_000);
    expect(after["last"]?.state).toBe("failed");
    expect([waitOf("own"), waitOf("queue")]).toEqual([10, 5]);
  });

  it("answers what was settled already as settled, however often it is said", async () => {
    const { ask, mill } = await aWorkerServer();
    await mill.enqueueMany(["complete", "fail", "snooze", "release"].map((kind) => ({ kind })));
    const worker = await aRemoteWorker({ ask }, { slots: 4 });
    const { jobs } = (await worker.claim(4)).body;
    const outcomes = jobs.map((job) => ({
      ...leaseOf(job),
      outcome: job.kind,
      ...(job.kind === "snooze" ? { delayMs: 60_000 } : {}),
    }));
    const settled = { statuses: ["settled", "settled", "settled", "settled"] };
    expect((await worker.settle(...outcomes)).body).toEqual(settled);
    expect((await worker.settle(...outcomes)).body).toEqual(settled);
    const other = await worker.settle({ ...outcomes[0], outcome: "fail", permanent: true });
    // Another outcome is not what was written.
    expect(other.body.statuses).toEqual(["lease_lost"]);
  });

  it.each(["the same worker", "another worker"])(
    "answers it so also when %s has taken up the job again",
    async (who) => {
      const { ask, mill } = await aWorkerServer();
      const { id } = await mill.enqueue("k", null, { maxAttempts: 2, backoff: { type: "fixed", delayMs: 0 } });
      const worker = await aRemoteWorker({ ask });
      const next = who === "the same worker" ? worker : await aRemoteWorker({ ask });
      const failed = { ...(await claimOne(worker)), outcome: "fail", error: "no answer" };
      expect((await worker.settle(failed)).body.statuses).toEqual(["settled"]);
      const second = await claimOne(next, 10_000);
      // The first attempt was not the last one, whatever the job has come to since.
      expect((await worker.settle(failed)).body.statuses).toEqual(["settled"]);
      expect(await mill.get(id)).toMatchObject({ state: "running", attempt: 2 });
      expect((await next.settle({ ...second, outcome: "complete" })).body.statuses).toEqual(["settled"]);
    },
  );

  it("touches no job of another organisation", async () => {
    const { ask, mill } = await aWorkerServer();
    const { id } = await mill.enqueue("k");
    const ours = await aRemoteWorker({ ask }, { id: "ours" });
    const eve = await aRemoteWorker({ ask }, { id: "eve" }, await jwtFor("eve", "owner", "other"));
    expect((await eve.claim()).body.jobs).toEqual([]);
    const lease = await claimOne(ours);
    expect((await eve.settle({ ...lease, outcome: "complete" })).body.statuses).toEqual(["lease_lost"]);
    expect((await eve.heartbeat(lease)).body.leases).toEqual([{ job: id, status: "lost" }]);
    expect((await eve.log({ ...lease, text: "x" })).body.statuses).toEqual(["lease_lost"]);
    expect((await eve.settle({ job: "job_nowhere", token: 1, outcome: "complete" })).body.statuses).toEqual([
      "lease_lost",
    ]);
    expect((await mill.get(id))?.state).toBe("running");
  });

  it("writes nothing of a batch in which something is wrong, and says what", async () => {
    const { ask, mill } = await aWorkerServer();
    const { id } = await mill.enqueue("k");
    const worker = await aRemoteWorker({ ask });
    const lease = await claimOne(worker);
    for (const wrong of [
      { outcome: "done" },
      { outcome: "snooze" },
      { outcome: "complete", delayMs: 1 },
      { outcome: "fail", error: 5 },
    ]) {
      const { status, body } = await worker.settle({ ...lease, outcome: "release" }, { ...lease, ...wrong });
      expect(status).toBe(400);
      expect(body.details.problems[0]).toMatch(/^outcomes\.1/);
    }
    const large = { ...lease, outcome: "complete", result: "x".repeat(1_100_000) };
    expect(await worker.settle(large)).toMatchObject({ status: 413, body: { code: "payload_too_large" } });
    expect((await mill.get(id))?.state).toBe("running");
  });
});

describe("a cancel", () => {
  it("reaches the worker by its heartbeat, and the job ends as cancelled when it settles", async () => {
    const { ask, mill } = await aWorkerServer();
    const { id } = await mill.enqueue("k");
    const worker = await aRemoteWorker({ ask });
    const lease = await claimOne(worker);
    expect((await ask("POST", `/v1/jobs/${id}/cancel`, { reason: "enough" })).body).toMatchObject({ state: "running" });
    expect((await worker.heartbeat(lease)).body.leases).toEqual([{ job: id, status: "cancel" }]);
    expect((await worker.settle({ ...lease, outcome: "complete", result: 1 })).body.statuses).toEqual(["lease_lost"]);
    expect(await mill.get(id)).toMatchObject({ state: "cancelled", result: null, cancelReason: "enough" });
    expect((await worker.heartbeat(lease)).body.leases).toEqual([{ job: id, status: "lost" }]);
    expect((await worker.settle({ ...lease, outcome: "complete", result: 1 })).body.statuses).toEqual(["lease_lost"]);
  });

  it("against a completion is won by one of them 1000 times, and both sides are told the truth", async () => {
    const { ask, mill } = await aWorkerServer();
    const worker = await aRemoteWorker({ ask }, { slots: 1_000 });
    await mill.enqueueMany(Array.from({ length: 1_000 }, () => ({ kind: "k" })));
    const { jobs } = (await worker.claim(1_000)).body;
    expect(jobs).toHaveLength(1_000);
    const seen = { completed: 0, cancelled: 0 };
    const race = async (claimed: ClaimedJob, i: number): Promise<void> => {
      // Now one has a lead, now the other.
      const complete = turns(i % 8).then(() => worker.settle({ ...leaseOf(claimed), outcome: "complete", result: i }));
      const cancel = turns(4).then(() => ask("POST", `/v1/jobs/${claimed.id}/cancel`, {}));
      const [said, cancelled] = await Promise.all([complete, cancel]);
      const job = await mill.get(claimed.id);
      const isCompleted = job?.state === "completed";
      expect(["completed", "cancelled"]).toContain(job?.state);
      expect(said.body.statuses).toEqual([isCompleted ? "settled" : "lease_lost"]);
      expect([cancelled.status, job?.result]).toEqual(isCompleted ? [409, i] : [200, null]);
      seen[isCompleted ? "completed" : "cancelled"] += 1;
    };
    for (let i = 0; i < jobs.length; i += 20) {
      await Promise.all(jobs.slice(i, i + 20).map((job, k) => race(job, i + k)));
    }
    expect(seen.completed + seen.cancelled).toBe(1_000);
    // Both happen, or it was no race.
    expect(Math.min(seen.completed, seen.cancelled)).toBeGreaterThan(0);
  });
});

describe("what a worker says while a job runs", () => {
  it("shows as progress", async () => {
    const { ask, mill } = await aWorkerServer();
    const { id } = await mill.enqueue("k");
    const worker = await aRemoteWorker({ ask });
    const lease = await claimOne(worker);
    const { body } = await worker.heartbeat({ ...lease, progress: { percent: 40, message: "page 2" } });
    expect(body).toEqual({ leases: [{ job: id, status: "held" }] });
    expect((await mill.get(id))?.progress).toEqual({ percent: 40, message: "page 2" });
    expect((await worker.heartbeat({ ...lease, progress: { percent: 101 } })).status).toBe(400);
  });

  it("is kept as lines of its log, in order", async () => {
    const { ask, mill } = await aWorkerServer();
    const { id } = await mill.enqueue("k");
    const worker = await aRemoteWorker({ ask });
    const lease = await claimOne(worker);
    const { body } = await worker.log(
      { ...lease, stream: "stdout", text: "one\ntwo\r\n" },
      { ...lease, stream: "stderr", text: "three" },
      { job: id, token: 99, text: "nobody's" },
      { ...lease, text: "a\u0000b\n\n", at: "2026-01-01T00:00:00.000Z" },
    );
    expect(body.statuses).toEqual(["kept", "kept", "lease_lost", "kept"]);
    const lines = (await mill.logs(id)).map(({ sequence, stream, text }) => [sequence, stream, text]);
    expect(lines.slice(0, 3)).toEqual([
      [1, "stdout", "one"],
      [2, "stdout", "two"],
      [3, "stderr", "three"],
    ]);
    expect(lines).toHaveLength(5);
  });
});
