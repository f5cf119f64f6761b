// A process of its own for each measurement: what one leaves behind in memory cannot slow the next.
import type { Figures, Measure, Task } from "./task.ts";

const MEASURES: Readonly<Record<string, () => Promise<{ readonly measure: Measure }>>> = {
  process: () => import("./measures/process.ts"),
  enqueue: () => import("./measures/enqueue.ts"),
  latency: () => import("./measures/latency.ts"),
  "latency-across": () => import("./measures/latency-across.ts"),
  "latency-loaded": () => import("./measures/latency-loaded.ts"),
  "latency-worker": () => import("./measures/latency-worker.ts"),
  numbering: () => import("./measures/numbering.ts"),
  "numbering-crew": () => import("./measures/numbering-crew.ts"),
  claim: () => import("./measures/claim.ts"),
  fill: () => import("./measures/fill.ts"),
  memory: () => import("./measures/memory.ts"),
  crew: () => import("./measures/crew.ts"),
  "crew-member": () => import("./measures/crew-member.ts"),
  contention: () => import("./measures/contention.ts"),
  "contention-member": () => import("./measures/contention-member.ts"),
  pinned: () => import("./measures/pinned.ts"),
  recovery: () => import("./measures/recovery.ts"),
  "recovery-worker": () => import("./measures/recovery-worker.ts"),
  "postgres-size": () => import("./measures/postgres-size.ts"),
  size: () => import("./measures/size.ts"),
  "http-server": () => import("./measures/http-server.ts"),
  "http-crowd": () => import("./measures/http-crowd.ts"),
  "http-enqueue": () => import("./measures/http-enqueue.ts"),
  "http-latency": () => import("./measures/http-latency.ts"),
  "http-work": () => import("./measures/http-work.ts"),
  open: () => import("./measures/open.ts"),
  cli: () => import("./measures/cli.ts"),
};

async function run(task: Task): Promise<Figures> {
  const load = MEASURES[task.measure];
  if (load === undefined) throw new Error(`there is no measure "${task.measure}"`);
  const { measure } = await load();
  return measure(task);
}

// Without the one who asked there is nobody to measure for: the run was interrupted.
process.on("disconnect", () => process.exit(1));

const task = JSON.parse(process.argv[2] ?? "null") as Task;
const figures = await run(task);
// A connection that a contestant has left open would keep the process.
process.send?.({ figures }, () => process.exit());
