import { acrossRow, numberingRow } from "../scenarios/latency.ts";
import { queuedRow } from "../scenarios/size.ts";
import { BARE, BULLMQ, BULLMQ_ALWAYS, MILLRACE, PLAINJOB, PLAINJOB_FULL } from "../scenarios/peers.ts";
import { added, figure, lastAgainstFirst, MS, times, TIMES, type Target } from "./target.ts";

const OURS = MILLRACE.name;
const ACROSS = acrossRow(MILLRACE);
const number = (processes: number, name: string): Target["value"] =>
  added("numbering", numberingRow(processes, true), numberingRow(processes, false), name);

/** What Millrace sets out to reach on SQLite. */
export const SQLITE_TARGETS: readonly Target[] = [
  { what: "process no-ops, against plainjob", atLeast: 8, ...TIMES, value: times("process", OURS, PLAINJOB.name) },
  { what: "the same, plainjob as durable", atLeast: 8, ...TIMES, value: times("process", OURS, PLAINJOB_FULL.name) },
  {
    what: "process no-ops, against BullMQ, everysec",
    atLeast: 5,
    ...TIMES,
    value: times("process", OURS, BULLMQ.name),
  },
  { what: "the same, BullMQ as durable", atLeast: 5, ...TIMES, value: times("process", OURS, BULLMQ_ALWAYS.name) },
  {
    what: "process no-ops, against the bare SQL loop",
    atLeast: 0.6,
    ...TIMES,
    value: times("process", OURS, BARE.name),
  },
  { what: "enqueue to handler, in process, p50", atMost: 1, ...MS, value: figure("latency", OURS, "p50Ms") },
  { what: "enqueue to handler, in process, p99", atMost: 10, ...MS, value: figure("latency", OURS, "p99Ms") },
  { what: "enqueue to handler, across processes, p99", atMost: 10, ...MS, value: figure("latency", ACROSS, "p99Ms") },
  { what: "a number adds, one process, p50", atMost: 1, ...MS, value: number(1, "p50Ms") },
  { what: "a number adds, one process, p99", atMost: 10, ...MS, value: number(1, "p99Ms") },
  { what: "a number adds, 4 processes, p50", atMost: 1, ...MS, value: number(4, "p50Ms") },
  { what: "a number adds, 4 processes, p99", atMost: 10, ...MS, value: number(4, "p99Ms") },
  {
    what: "a claim beside the longest queue, p50, against the shortest",
    atMost: 1.2,
    ...TIMES,
    value: lastAgainstFirst("claim", "p50Ms"),
  },
  {
    what: `memory beside the longest queue, against ${queuedRow(1_000)}`,
    atMost: 1,
    ...TIMES,
    value: lastAgainstFirst("memory", "rssMb"),
  },
];
