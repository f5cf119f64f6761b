import type { EnqueueOptions, FinalState } from "millrace";
import type { ScriptHandler } from "millrace/scripts";
import type { RepositoryFile } from "./repository-files.ts";

/** A job of the tour, and how it should end. */
export interface PlannedJob {
  readonly script: ScriptHandler;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly options: EnqueueOptions;
  readonly expected: FinalState;
}

export const GROUP = "tour";

/** How many files each script gets; fewer when the repository has fewer. */
const CHECKSUMS = 200;
const WORD_COUNTS = 40;
const COMPRESSIONS = 30;
const THUMBNAILS = 30;
const TONES = [220, 277, 330, 440];

/** Some hundred jobs over real files; scripts that cannot run here are left out. */
export function planJobs(
  scripts: readonly ScriptHandler[],
  files: readonly RepositoryFile[],
  outDir: string,
): readonly PlannedJob[] {
  const texts = files.filter(({ name }) => /\.(?:ts|mjs|md|json)$/.test(name));
  const bySize = files.toSorted((a, b) => b.bytes - a.bytes);
  const onFiles = [
    ...overFiles("checksum", spread(files, CHECKSUMS)),
    ...overFiles("count-words", spread(texts, WORD_COUNTS)),
    ...overFiles("compress", bySize.slice(0, COMPRESSIONS)),
    ...overFiles("make-thumbnail", spread(bySize, THUMBNAILS)),
    ...TONES.map((hertz) => ({ kind: "make-tone", payload: { hertz, seconds: 2 } })),
  ];
  // The odd ones come first by their priority, so that there is something to see from the start.
  const odd = [
    { kind: "slow", payload: { seconds: 30 }, options: { priority: 10 }, expected: "cancelled" },
    {
      kind: "flaky",
      payload: { succeedsOn: 3 },
      options: { priority: 10, backoff: { type: "fixed", delayMs: 300 } },
    },
    {
      kind: "broken",
      payload: { reason: "there is no film in this file" },
      options: { priority: 10 },
      expected: "failed",
    },
  ] as const;
  return [...mixed(onFiles), ...odd].flatMap((job: Draft) => {
    const script = scripts.find(({ kind }) => kind === job.kind);
    if (script === undefined) return [];
    const options = { group: GROUP, ...job.options };
    return [{ script, payload: { ...job.payload, outDir }, options, expected: job.expected ?? "completed" }];
  });
}

interface Draft {
  readonly kind: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly options?: EnqueueOptions;
  readonly expected?: FinalState;
}

function overFiles(kind: string, files: readonly RepositoryFile[]): readonly Draft[] {
  return files.map(({ path }) => ({ kind, payload: { file: path } }));
}

/** So many of a list, from all over it. */
function spread<T>(list: readonly T[], count: number): readonly T[] {
  if (list.length <= count) return list;
  return list.filter(
    (_, at) => Math.floor((at * count) / list.length) !== Math.floor(((at - 1) * count) / list.length),
  );
}

/** The jobs of all kinds, evenly mixed. */
function mixed(jobs: readonly Draft[]): readonly Draft[] {
  const seen = new Map<string, number>();
  const total = Map.groupBy(jobs, ({ kind }) => kind);
  return jobs
    .map((job) => {
      const place = seen.get(job.kind) ?? 0;
      seen.set(job.kind, place + 1);
      return { job, turn: (place + 0.5) / (total.get(job.kind)?.length ?? 1) };
    })
    .toSorted((a, b) => a.turn - b.turn)
    .map(({ job }) => job);
}
