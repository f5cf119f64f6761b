import { chanceFrom } from "../../core/chance.ts";
import type { Fault } from "../faults/fault.ts";
import type { FaultEntry } from "../history/entry.ts";
import type { Crew } from "./crew.ts";
import { rage } from "./nemesis.ts";
import { passed } from "./passed.ts";
import type { Steward } from "./steward.ts";
import type { ResolvedVerifyOptions, VerifyProgress } from "./verify-options.ts";

export interface DriveParts {
  readonly options: ResolvedVerifyOptions;
  readonly crew: Crew;
  readonly steward: Steward;
  readonly processFaults: readonly Fault[];
  readonly storeFaults: readonly Fault[];
  readonly record: (entry: FaultEntry) => void;
  readonly tell: (progress: Pick<VerifyProgress, "phase" | "share">) => void;
  /** Ends everything early. */
  readonly stop: AbortSignal;
}

export interface Driven {
  /** Jobs that had not ended when there was no more time; 0 where all had. */
  readonly left: number;
  readonly isStopped: boolean;
  readonly drivingSeconds: number;
  readonly drainingSeconds: number;
}

/** A crew that ends again and again has a reason, which more of it does not show better. */
const MOST_CRASHES = 5;
const LOOK_EVERY_MS = 100;
const PROCESS_REST_MS = [100, 1_200] as const;
const STORE_REST_MS = [700, 3_500] as const;

/** Let the crew work and the faults come, then let everything heal and all jobs end. */
export async function runDrive(parts: DriveParts): Promise<Driven> {
  const { stop } = parts;
  const begunAt = performance.now();
  await drive(parts);
  const drivenAt = performance.now();
  const left = stop.aborted ? 0 : await heal(parts);
  return {
    left,
    isStopped: stop.aborted,
    drivingSeconds: (drivenAt - begunAt) / 1_000,
    drainingSeconds: (performance.now() - drivenAt) / 1_000,
  };
}

/** Answers how many jobs have not ended. */
async function heal(parts: DriveParts): Promise<number> {
  const { crew, steward, stop } = parts;
  crew.healClocks();
  await crew.leave("producer");
  await steward.settle();
  const left = await drain(parts);
  if (!stop.aborted) await crew.leave("worker");
  return left;
}

async function drive({
  options,
  crew,
  steward,
  processFaults,
  storeFaults,
  record,
  tell,
  stop,
}: DriveParts): Promise<void> {
  const { seed, seconds, jobs } = options;
  const end = new AbortController();
  const enough = AbortSignal.any([end.signal, stop]);
  const begunAt = performance.now();
  const watch = async (): Promise<void> => {
    while (!enough.aborted) {
      const share = Math.max((performance.now() - begunAt) / (seconds * 1_000), crew.added / jobs);
      tell({ phase: "driving", share: Math.min(1, share) });
      if (share >= 1 || crew.crashes.length >= MOST_CRASHES) return;
      await passed(LOOK_EVERY_MS, enough);
    }
  };
  const work = [
    steward.work(chanceFrom(seed + 2), enough),
    // Those of processes come side by side: one is killed while another stands still.
    ...processFaults.map(async (fault, i) =>
      rage([fault], { chance: chanceFrom(seed + 10 + i), record, restMs: PROCESS_REST_MS, enough }),
    ),
    rage(storeFaults, { chance: chanceFrom(seed + 4), record, restMs: STORE_REST_MS, enough }),
  ];
  // What cannot go on ends the drive for all.
  for (const each of work) each.catch(() => end.abort());
  await watch().finally(() => end.abort());
  // Each ends what it has begun, before anybody is told that one has failed.
  await Promise.allSettled(work);
  await Promise.all(work);
}

async function drain({ options, crew, steward, tell, stop }: DriveParts): Promise<number> {
  const limitMs = options.drainSeconds * 1_000;
  const begunAt = performance.now();
  let most = 1;
  for (;;) {
    const open = await steward.openCount();
    if (open === 0 || stop.aborted || crew.crashes.length >= MOST_CRASHES) return open ?? most;
    if (performance.now() - begunAt > limitMs) return open ?? most;
    most = Math.max(most, open ?? 1);
    tell({ phase: "draining", share: 1 - (open ?? most) / most });
    await passed(LOOK_EVERY_MS, stop);
  }
}
