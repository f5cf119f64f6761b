import { join } from "node:path";
import type { EnqueueItem, EnqueueOptions } from "millrace";
import type { Media } from "./media.ts";

/** In this order: a worker takes from a line only while those before it have nothing for it. */
export const LINES = ["live", "default", "batch"] as const;
/** What all the lines are numbered under: "job #42" is one job, whichever line it waits in. */
export const SCOPE = "jobs";
/** Nobody has it. */
export const MISSING_LABEL = "gpu=qsv";

/** A live source comes at its own pace; these come faster, for who looks on, and are over after so many seconds. */
const LIVE_SECONDS = 2.5;

interface Plan extends EnqueueOptions {
  readonly queue: (typeof LINES)[number];
}

/** The least urgent first, so that the order in which they run is not the one in which they came. */
const PLANS: readonly Plan[] = [
  { queue: "batch" },
  { queue: "batch", priority: "high" },
  { queue: "batch" },
  { queue: "batch", requires: ["threads>=8"] },
  { queue: "default" },
  { queue: "default", requires: ["gpu=nvenc"] },
  { queue: "default", requires: [MISSING_LABEL] },
  { queue: "default", priority: "high" },
  { queue: "default" },
  { queue: "default" },
  { queue: "live", requires: ["cpu"] },
  { queue: "live" },
];

/** Numbers of the jobs that something is done to while they run. */
export const KILLED = 11;
export const CANCELLED = 12;

export function planJobs({ kind, source, seconds, extension, sizes }: Media, folder: string): readonly EnqueueItem[] {
  return PLANS.map((options, at) => {
    const isLive = options.queue === "live";
    const output = join(folder, `output-${at + 1}${extension}`);
    const size = sizes[at % sizes.length];
    const payload = { source, output, seconds, ...size, ...(isLive && { speed: seconds / LIVE_SECONDS }) };
    // What comes from a file may take twice as long as it lasts; what is live lasts as long as it does.
    const limits = isLive ? {} : { timeoutMs: 2 * seconds * 1_000 };
    return { kind, payload, options: { ...options, ...limits, scope: SCOPE } };
  });
}
