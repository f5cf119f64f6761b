import { setTimeout as pause } from "node:timers/promises";
import { microseconds, payloads, type Contestant, type Payload } from "../contestants/contestant.ts";
import { openContestant } from "../open-contestant.ts";
import { quantilesMs } from "../statistics.ts";
import { countOf, type Figures, type Task } from "../task.ts";

/** While it is found out how much it can do: jobs in one call, and how many may wait. */
const PER_CALL = 100;
const MOST_WAITING = 2_000;
const CALLERS = 4;
/** One call in so many milliseconds makes the load. */
const LOAD_EVERY_MS = 10;
const LOOK_EVERY_MS = 2;

/**
 * From the moment at which a job is due to be enqueued to the start of the handler, while the system is given half of the
 * jobs a second that it was found to enqueue and run before.
 */
export async function measure(task: Task): Promise<Figures> {
  const contestant = await openContestant(task);
  if (contestant.start === undefined) throw new Error(`${task.contestant} cannot work until it is told to stop`);
  const tookMs: number[] = [];
  const ran = { load: 0, probes: 0 };
  const warmUp = countOf(task, "warmUp");
  const worker = await contestant.start({
    concurrency: countOf(task, "concurrency"),
    handler: ({ n, at }) => {
      if (at === 0) {
        ran.load += 1;
        return;
      }
      ran.probes += 1;
      if (n >= warmUp) tookMs.push((microseconds() - at) / 1_000);
    },
  });
  const most = await capacity(contestant, countOf(task, "calibrateMs"), () => ran.load);
  const probes = warmUp + countOf(task, "jobs");
  const stop = new AbortController();
  const loading = load(contestant, most / 2, stop.signal);
  await probe(contestant, probes, countOf(task, "paceMs"));
  stop.abort();
  await loading;
  while (ran.probes < probes) await pause(LOOK_EVERY_MS);
  await worker.stop();
  await contestant.close();
  return { ...quantilesMs(tookMs), loadPerSecond: most / 2 };
}

/** Jobs a second that are enqueued and run, with some that wait all the time. */
async function capacity({ addMany }: Contestant, ms: number, ranCount: () => number): Promise<number> {
  let asked = 0;
  async function caller(until: number): Promise<void> {
    while (performance.now() < until) {
      if (asked - ranCount() < MOST_WAITING) {
        asked += PER_CALL;
        await addMany(payloads(PER_CALL));
      }
      // Also where a call takes no turn of the event loop, others must have theirs.
      await pause(asked - ranCount() < MOST_WAITING ? 0 : LOOK_EVERY_MS);
    }
  }
  async function forAWhile(whileMs: number): Promise<number> {
    const [askedBefore, startedMs] = [asked, performance.now()];
    await Promise.all(Array.from({ length: CALLERS }, () => caller(startedMs + whileMs)));
    while (ranCount() < asked) await pause(LOOK_EVERY_MS);
    return ((asked - askedBefore) / (performance.now() - startedMs)) * 1_000;
  }
  await forAWhile(ms / 4);
  return forAWhile(ms);
}

/** Jobs nobody waits for, at a rate. A late call is followed by the next at once. */
async function load({ addMany }: Contestant, perSecond: number, stop: AbortSignal): Promise<void> {
  const startedMs = performance.now();
  const answers: Promise<unknown>[] = [];
  let asked = 0;
  while (!stop.aborted) {
    const due = Math.floor(((performance.now() - startedMs) / 1_000) * perSecond);
    if (due > asked) answers.push(addMany(payloads(due - asked)));
    asked = Math.max(asked, due);
    await pause(LOAD_EVERY_MS);
  }
  await Promise.all(answers);
}

/** One by one at a pace, each with the time at which it is due: what keeps this loop waiting counts too. */
async function probe({ add }: Contestant, times: number, paceMs: number): Promise<void> {
  const startedAt = microseconds();
  const answers: Promise<unknown>[] = [];
  for (let n = 0; n < times; n++) {
    const at = startedAt + n * paceMs * 1_000;
    const waitMs = (at - microseconds()) / 1_000;
    if (waitMs > 0) await pause(waitMs);
    const payload: Payload = { n, at };
    answers.push(add(payload));
  }
  await Promise.all(answers);
}
