import { scaled, type Row, type Scenario, type Size } from "../scenario.ts";
import { GRAPHILE, MILLRACE, MILLRACE_PG, PG_BOSS } from "./peers.ts";

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

/** What a million jobs take on a server; each keeps what has run for as long as it does by itself. */
export function diskOnPostgres(size: Size): Scenario {
  const row = (setup: typeof MILLRACE_PG, concurrency: number): Row => ({
    ...setup,
    measure: "postgres-size",
    counts: { jobs: scaled(size, 200_000, 5_000), concurrency },
    maxRounds: 2,
  });
  return {
    name: "pg-size",
    title: "PostgreSQL: disk, in MiB per million jobs",
    note: "The database without what it holds when it is new; autovacuum is on. graphile-worker deletes a job that has completed.",
    columns: [
      { figure: "queuedMb", title: "database, queued", digits: 0 },
      { figure: "doneMb", title: "database, completed", digits: 0 },
      { figure: "walByEnqueueMb", title: "WAL of enqueue", digits: 0 },
      { figure: "walByWorkMb", title: "WAL of work", digits: 0 },
    ],
    isMoreBetter: false,
    baseline: MILLRACE_PG.name,
    rows: [row(MILLRACE_PG, 100), row(GRAPHILE, 24), row(PG_BOSS, 2_000)],
  };
}
