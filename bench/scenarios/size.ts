import { CPU, QUANTILES, scaled, type Row, type Scenario, type Size } from "../scenario.ts";
import { MILLRACE } from "./peers.ts";

export function queuedRow(queued: number): string {
  return `${queued.toLocaleString("en").replaceAll(",", " ")} queued`;
}

/** The sizes of queue that are compared; the last is the longest. */
export function queueSizes(size: Size): readonly number[] {
  if (size.isQuick) return [1_000, 20_000];
  return size.isHuge ? [10_000, 1_000_000, 10_000_000] : [10_000, 1_000_000];
}

const PER_CLAIM = 10;

/** Whether a claim notices how long the queue is. */
export function claimingScenario(size: Size, setup: typeof MILLRACE, name: string, title: string): Scenario {
  const counts = { claims: size.isQuick ? 30 : 500, perClaim: PER_CLAIM };
  return {
    name,
    title,
    columns: [...QUANTILES, CPU],
    isMoreBetter: false,
    baseline: queuedRow(queueSizes(size)[0] ?? 0),
    rows: queueSizes(size).map((queued): Row => ({
      ...setup,
      name: queuedRow(queued),
      measure: "claim",
      counts: { ...counts, queued },
      ...(queued > 1_000_000 ? { maxRounds: 1 } : {}),
    })),
  };
}

export function claiming(size: Size): Scenario {
  return claimingScenario(size, MILLRACE, "claim", `Claim ${PER_CLAIM} jobs in one call, the commit included`);
}

export function memory(size: Size): Scenario {
  const sizes = size.isQuick ? [1_000, 20_000] : [1_000, 1_000_000];
  const jobs = scaled(size, 200_000, 2_000);
  return {
    name: "memory",
    title: "Memory of a process that works beside a queue of so many jobs",
    note: `It runs ${jobs} jobs, each of which enqueues the next. Up to 64 MiB are SQLite's page cache, which a short run on a small file does not fill.`,
    columns: [
      { figure: "rssMb", title: "RSS MiB", digits: 0 },
      { figure: "peakRssMb", title: "peak", digits: 0 },
      { figure: "heapMb", title: "heap", digits: 0 },
    ],
    isMoreBetter: false,
    baseline: queuedRow(1_000),
    rows: sizes.map((queued): Row => ({
      ...MILLRACE,
      name: queuedRow(queued),
      measure: "memory",
      counts: { queued, jobs },
    })),
  };
}

export function disk(size: Size): Scenario {
  return {
    name: "size",
    title: "Disk, in MiB per million jobs",
    note: "Written is all that went to log and file. The log is reused from its beginning and does not grow with the jobs.",
    columns: [
      { figure: "queuedMb", title: "file, queued", digits: 0 },
      { figure: "doneMb", title: "file, completed", digits: 0 },
      { figure: "writtenByEnqueueMb", title: "written by enqueue", digits: 0 },
      { figure: "writtenByWorkMb", title: "written by work", digits: 0 },
      { figure: "walPeakMb", title: "log at its largest (MiB)", digits: 1 },
    ],
    isMoreBetter: false,
    rows: [{ ...MILLRACE, measure: "size", counts: { jobs: scaled(size, 500_000, 5_000) }, maxRounds: 2 }],
  };
}

export function startUp(size: Size): readonly Scenario[] {
  const times = size.isQuick ? 2 : 20;
  return [
    {
      name: "open",
      title: "Start-up of the library, in milliseconds",
      columns: [
        { figure: "againMs", title: "open a store", digits: 2 },
        { figure: "newMs", title: "make a store", digits: 2 },
        { figure: "firstMs", title: "the first in a process", digits: 1 },
        { figure: "importedMs", title: "import, unbuilt", digits: 0 },
      ],
      isMoreBetter: false,
      rows: [{ ...MILLRACE, measure: "open", counts: { times } }],
    },
    {
      name: "cli",
      title: "Start-up of the command line, in milliseconds",
      columns: [
        { figure: "versionMs", title: "millrace --version", digits: 0 },
        { figure: "queuesMs", title: "millrace queues list", digits: 0 },
        { figure: "nodeMs", title: "an empty Node", digits: 0 },
        { figure: "isBuilt", title: "built (1) or source (0)", digits: 0 },
      ],
      isMoreBetter: false,
      rows: [{ ...MILLRACE, measure: "cli", counts: { times } }],
    },
  ];
}
