import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Metric } from "./prometheus.ts";
import type { Service } from "./service.ts";
import type { Streams } from "./sse.ts";

const LOOK_EVERY_MS = 10;
const NANOSECONDS = 1e9;

type Delay = ReturnType<typeof monitorEventLoopDelay>;

/** How the process is. The event loop is watched from the first question on: who never asks, pays nothing. */
export class ServerMetrics {
  readonly #stopping: AbortSignal;
  readonly #streams: Pick<Streams, "openCount">;
  #delay: Delay | undefined;

  constructor({ stopping, streams }: Pick<Service, "stopping" | "streams">) {
    this.#stopping = stopping;
    this.#streams = streams;
  }

  metrics(): readonly Metric[] {
    const delay = this.#watch();
    // Each answer is about the time since the one before. What the histogram holds includes its own interval.
    const lag = [0.5, 0.99, 1].map((quantile) => ({
      labels: { quantile },
      value:
        delay.count === 0 ? 0 : Math.max(0, delay.percentile(quantile * 100) / NANOSECONDS - LOOK_EVERY_MS / 1_000),
    }));
    delay.reset();
    return [
      {
        name: "millrace_open_streams",
        help: "Streams of events and logs that are open, those of all organisations.",
        type: "gauge",
        samples: [{ value: this.#streams.openCount }],
      },
      {
        name: "millrace_event_loop_lag_seconds",
        help: "How late the event loop was since it was last asked for.",
        type: "gauge",
        samples: lag,
      },
      {
        name: "process_resident_memory_bytes",
        help: "Memory of the process.",
        type: "gauge",
        samples: [{ value: process.memoryUsage.rss() }],
      },
      {
        name: "process_start_time_seconds",
        help: "When the process began, in seconds since 1970.",
        type: "gauge",
        samples: [{ value: performance.timeOrigin / 1_000 }],
      },
    ];
  }

  #watch(): Delay {
    if (this.#delay !== undefined) return this.#delay;
    const delay = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });
    if (!this.#stopping.aborted) {
      delay.enable();
      this.#stopping.addEventListener("abort", () => delay.disable(), { once: true });
    }
    this.#delay = delay;
    return delay;
  }
}
