import { setTimeout as pause } from "node:timers/promises";
import { microseconds, payloads, type Contestant } from "../contestants/contestant.ts";
import { openContestant } from "../open-contestant.ts";
import { countOf, type Figures, type Task } from "../task.ts";
import { openGround, type Ground } from "./recovery-ground.ts";
import { readRuns, type Runs } from "./recovery-log.ts";
import { Supervisor } from "./recovery-supervisor.ts";

const CALL_EVERY_MS = 50;
const TRY_AGAIN_MS = 20;
const LOOK_EVERY_MS = 25;

/**
 * A steady load that this process enqueues and another one runs; then something happens. How long it takes until a job
 * starts again, and until all that had been enqueued before have run.
 */
export async function measure(task: Task): Promise<Figures> {
  // Peers throw what they hear of an outage where nobody can catch it; that it passes is what is measured.
  const ignore = (): void => undefined;
  process.on("uncaughtException", ignore);
  const ground = await openGround(task);
  try {
    return await measureOn(ground, ground.task);
  } finally {
    await ground.close();
    process.off("uncaughtException", ignore);
  }
}

async function measureOn(ground: Ground, task: Task): Promise<Figures> {
  const contestant = await openContestant(task);
  const supervisor = new Supervisor(task);
  await supervisor.start();
  const enqueuer = new Enqueuer(contestant, countOf(task, "offered"));
  await enqueuer.goOn(countOf(task, "beforeMs"));
  const askedBefore = enqueuer.asked;
  const struckAt = microseconds();
  const striking = ground.strike(supervisor);
  await Promise.all([striking, enqueuer.goOn(countOf(task, "afterMs"))]);
  const deadline = performance.now() + countOf(task, "patienceMs");
  let runs: Runs;
  do {
    await pause(LOOK_EVERY_MS);
    runs = await readRuns(task.folder);
  } while ((runs.endedAt.size < enqueuer.asked || !enqueuer.isTaken) && performance.now() < deadline);
  const nowAt = microseconds();
  await supervisor.stop();
  // Where the server is gone for it, it may never end by itself.
  void contestant.close().catch(() => undefined);
  const msAfter = (at: number): number => (at - struckAt) / 1_000;
  const before = Array.from({ length: askedBefore }, (_, n) => runs.endedAt.get(n) ?? nowAt);
  return {
    firstMs: msAfter(Math.min(nowAt, ...runs.startedAt.filter((at) => at > struckAt))),
    allMs: Math.max(0, ...before.map(msAfter)),
    missing: enqueuer.asked - runs.endedAt.size,
    repeated: runs.startedAt.length - runs.startedJobs,
  };
}

/** Calls at a pace. What is refused is asked for again until it is taken. */
class Enqueuer {
  readonly #contestant: Contestant;
  readonly #perCall: number;
  asked = 0;
  #untaken = 0;

  constructor(contestant: Contestant, perSecond: number) {
    this.#contestant = contestant;
    this.#perCall = Math.max(1, Math.round((perSecond * CALL_EVERY_MS) / 1_000));
  }

  get isTaken(): boolean {
    return this.#untaken === 0;
  }

  async goOn(ms: number): Promise<void> {
    const startedMs = performance.now();
    for (let call = 0; call * CALL_EVERY_MS < ms; call++) {
      const waitMs = startedMs + call * CALL_EVERY_MS - performance.now();
      if (waitMs > 0) await pause(waitMs);
      const at = microseconds();
      const all = payloads(this.#perCall, this.asked).map(({ n }) => ({ n, at }));
      this.asked += all.length;
      void this.#untilTaken(all);
    }
  }

  async #untilTaken(all: Parameters<Contestant["addMany"]>[0]): Promise<void> {
    this.#untaken += 1;
    for (;;) {
      try {
        await this.#contestant.addMany(all);
        this.#untaken -= 1;
        return;
      } catch {
        await pause(TRY_AGAIN_MS);
      }
    }
  }
}
