import { acrossRow, numberingRow } from "../scenarios/latency.ts";
import { BARE_PG, BULLMQ_PG, GRAPHILE, MILLRACE_PG, PG_BOSS } from "../scenarios/peers.ts";
import { pinnedRow } from "../scenarios/pinned.ts";
import { CREW, crewRow } from "../scenarios/postgres-throughput.ts";
import { added, figure, lastAgainstFirst, MS, times, TIMES, type Target } from "./target.ts";

const OURS = MILLRACE_PG.name;
const ACROSS = acrossRow(MILLRACE_PG);
const PEERS = [GRAPHILE, PG_BOSS, BULLMQ_PG].map(({ name }) => name);
const crew = crewRow(MILLRACE_PG, CREW);
const number = (processes: number, name: string): Target["value"] =>
  added("pg-numbering", numberingRow(processes, true), numberingRow(processes, false), name);

/** What Millrace sets out to reach on PostgreSQL. */
export const POSTGRES_TARGETS: readonly Target[] = [
  {
    what: "process no-ops, against graphile-worker, batched",
    atLeast: 2,
    ...TIMES,
    value: times("pg-process", OURS, GRAPHILE.name),
  },
  { what: "process no-ops, against pg-boss", atLeast: 3, ...TIMES, value: times("pg-process", OURS, PG_BOSS.name) },
  { what: "process no-ops, against BullMQ", atLeast: 20, ...TIMES, value: times("pg-process", OURS, BULLMQ_PG.name) },
  {
    what: "process no-ops, against the bare SQL loop",
    atLeast: 0.7,
    ...TIMES,
    value: times("pg-process", OURS, BARE_PG.name),
  },
  {
    what: `${CREW} processes, against one`,
    atLeast: 1,
    ...TIMES,
    value: times("pg-crew", crew, crewRow(MILLRACE_PG, 1)),
  },
  {
    what: `${CREW} processes, against graphile-worker with ${CREW}`,
    atLeast: 2,
    ...TIMES,
    value: times("pg-crew", crew, crewRow(GRAPHILE, CREW)),
  },
  {
    what: "enqueue in calls of 1000, against the best peer",
    atLeast: 1.5,
    ...TIMES,
    value: times("pg-enqueue-many", OURS, ...PEERS),
  },
  {
    what: "enqueue by 100 callers, against pg-boss",
    atLeast: 10,
    ...TIMES,
    value: times("pg-enqueue-100", OURS, PG_BOSS.name),
  },
  { what: "enqueue to handler, in process, p50", atMost: 3, ...MS, value: figure("pg-latency", OURS, "p50Ms") },
  { what: "enqueue to handler, in process, p99", atMost: 10, ...MS, value: figure("pg-latency", OURS, "p99Ms") },
  { what: "enqueue to handler, across processes, p50", atMost: 3, ...MS, value: figure("pg-latency", ACROSS, "p50Ms") },
  {
    what: "enqueue to handler, across processes, p99",
    atMost: 10,
    ...MS,
    value: figure("pg-latency", ACROSS, "p99Ms"),
  },
  { what: "a number adds, one process, p50", atMost: 1, ...MS, value: number(1, "p50Ms") },
  { what: "a number adds, one process, p99", atMost: 10, ...MS, value: number(1, "p99Ms") },
  { what: "a number adds, 4 processes, p50", atMost: 1, ...MS, value: number(4, "p50Ms") },
  { what: "a number adds, 4 processes, p99", atMost: 10, ...MS, value: number(4, "p99Ms") },
  {
    what: "a claim beside the longest queue, p50, against the shortest",
    atMost: 1.2,
    ...TIMES,
    value: lastAgainstFirst("pg-claim", "p50Ms"),
  },
  {
    what: "steady load beside a transaction left open, against without",
    atLeast: 0.9,
    ...TIMES,
    value: times("pg-pinned", pinnedRow(MILLRACE_PG, true), pinnedRow(MILLRACE_PG, false)),
  },
  {
    what: "jobs of 1 ms, 256 at once, against pg-boss",
    atLeast: 5,
    ...TIMES,
    value: times("pg-steady-256", OURS, PG_BOSS.name),
  },
];
