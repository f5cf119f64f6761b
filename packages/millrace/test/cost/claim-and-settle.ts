import type { ClaimRequest } from "../../src/core/store.ts";
import type { Settlement } from "../../src/core/settlement.ts";
import { enqueueMany, type Play, type Stage } from "./stage.ts";

const LEASE_MS = 600_000;
const WORKER = { id: "worker_cost", org: "default", name: "cost", host: null, pid: null };
const COMPLETED: Settlement["move"] = { to: "done", state: "completed", result: "null", error: null, reason: null };

/** A worker that claims so many at a time, and settles them before it claims again. */
export async function claimAndSettle(stage: Stage, jobs: number, max: number): Promise<Play> {
  const { store } = stage;
  await store.registerWorker({ ...WORKER, queues: null, labels: [], concurrency: max, leaseMs: LEASE_MS });
  const request: ClaimRequest = {
    org: WORKER.org,
    worker: WORKER.id,
    queues: { order: "turns" },
    labels: new Set(),
    leaseMs: LEASE_MS,
    max,
  };
  return {
    before: () => enqueueMany(stage, jobs),
    run: async () => {
      for (let i = 0; i < jobs; i += max) {
        const claims = await store.claim(request);
        if (claims.length !== max) throw new Error(`a claim brought ${claims.length} of ${max} jobs`);
        await store.settle(claims.map(({ lease: { job, token } }) => ({ job, token, move: COMPLETED })));
      }
    },
    end: () => store.removeWorker(WORKER.id),
  };
}
