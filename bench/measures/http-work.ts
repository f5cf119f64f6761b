import { openContestant } from "../open-contestant.ts";
import { comeToRest } from "../postgres-server.ts";
import { timed } from "../stopwatch.ts";
import { countOf, type Figures, type Task } from "../task.ts";
import { withServer, type Server } from "../with-server.ts";

interface Claimed {
  readonly jobs: readonly { readonly id: string; readonly lease: { readonly token: number } }[];
  readonly key?: string;
}

/** A remote worker that claims and settles queued no-ops in batches until there are none, with some requests at once. */
export async function measure(task: Task): Promise<Figures> {
  const jobs = countOf(task, "jobs");
  const contestant = await openContestant(task);
  await contestant.fill(jobs);
  await comeToRest(task.postgres);
  const figures = await withServer(task, jobs, async (server) => {
    const worker = await register(server, countOf(task, "batch") * countOf(task, "atOnce"));
    const loops = Array.from({ length: countOf(task, "atOnce") }, () => work);
    return timed(jobs, () => Promise.all(loops.map((loop) => loop(server, worker, countOf(task, "batch")))));
  });
  const completed = await contestant.completedCount();
  if (completed !== jobs) throw new Error(`${completed} of ${jobs} jobs were completed`);
  await contestant.close();
  return figures;
}

interface RemoteWorker {
  readonly path: string;
  key: string;
}

async function register({ ask }: Server, slots: number): Promise<RemoteWorker> {
  const { worker, key } = await ask<{ worker: string; key: string }>("POST", "/v1/workers", { slots });
  return { path: `/v1/workers/${worker}`, key };
}

async function work({ ask }: Server, worker: RemoteWorker, max: number): Promise<void> {
  for (;;) {
    const claimed = await ask<Claimed>("POST", `${worker.path}/claim`, { max }, worker.key);
    worker.key = claimed.key ?? worker.key;
    if (claimed.jobs.length === 0) return;
    const outcomes = claimed.jobs.map(({ id, lease }) => ({ job: id, token: lease.token, outcome: "complete" }));
    await ask("POST", `${worker.path}/settle`, { outcomes }, worker.key);
  }
}
