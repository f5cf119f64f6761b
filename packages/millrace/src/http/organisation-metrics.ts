import type { Millrace } from "../runtime/millrace.ts";
import type { Metric } from "./prometheus.ts";

const OPEN_STATES = ["blocked", "scheduled", "queued", "running"] as const;

/** How the queues, jobs and workers of a client's organisation stand. */
export async function organisationMetrics(mill: Millrace, now: Date): Promise<readonly Metric[]> {
  const [queues, counts, workers] = await Promise.all([mill.queues(), mill.counts(), mill.workers()]);
  return [
    {
      name: "millrace_queue_jobs",
      help: "Jobs of a queue that have not ended.",
      type: "gauge",
      samples: queues.flatMap(({ name, counts }) =>
        OPEN_STATES.map((state) => ({ labels: { queue: name, state }, value: counts[state] })),
      ),
    },
    {
      name: "millrace_queue_oldest_ready_seconds",
      help: "For how long the job that has waited longest has been ready; 0 where none waits.",
      type: "gauge",
      samples: queues.map(({ name, oldestReadyAt }) => ({
        labels: { queue: name },
        // The store's clock may be ahead of ours.
        value: oldestReadyAt === null ? 0 : Math.max(0, (now.getTime() - oldestReadyAt.getTime()) / 1_000),
      })),
    },
    {
      name: "millrace_queue_paused",
      help: "1 for a queue that is paused.",
      type: "gauge",
      samples: queues.map(({ name, isPaused }) => ({ labels: { queue: name }, value: isPaused ? 1 : 0 })),
    },
    {
      name: "millrace_jobs",
      help: "Jobs by state; those that have ended, as long as they are kept.",
      type: "gauge",
      samples: Object.entries(counts).map(([state, value]) => ({ labels: { state }, value })),
    },
    {
      name: "millrace_workers",
      help: "Workers that were heard of within their lease.",
      type: "gauge",
      samples: [{ value: workers.length }],
    },
    {
      name: "millrace_worker_slots",
      help: "Jobs that all these workers can run at once.",
      type: "gauge",
      samples: [{ value: workers.reduce((sum, { concurrency }) => sum + concurrency, 0) }],
    },
  ];
}
