import { LEASE_MS, type SimulatedProcess, type Stage } from "./simulated-process.ts";

/** Done to a process. Answers for how long, in virtual milliseconds. */
type Fault = (process: SimulatedProcess, below: (most: number) => number, stage: Stage) => number;

/** As far as a clock on a wall is put forward or back. */
const LONGEST_STEP_MS = 3_600_000;

const FAULTS: Readonly<Record<string, Fault>> = {
  kill: (process) => {
    process.die();
    return 0;
  },
  pause: (process, below, { scheduler }) => {
    const ms = 50 + below(LEASE_MS * 3);
    process.stalledUntil = scheduler.clock.monotonic() + ms;
    return ms;
  },
  outage: (_, below, stage) => {
    const ms = below(LEASE_MS * 4);
    stage.outageUntil = stage.scheduler.clock.monotonic() + ms;
    return ms;
  },
  cut: (process, below, { scheduler }) => {
    const ms = below(LEASE_MS * 5);
    process.outageUntil = scheduler.clock.monotonic() + ms;
    return ms;
  },
  "lost answers": (process, below) => {
    process.bad.answers += 1 + below(3);
    return 0;
  },
  "refused calls": (process, below) => {
    process.bad.calls += 1 + below(3);
    return 0;
  },
  "lost wake-ups": (process, below) => {
    process.bad.wakes += 1 + below(4);
    return 0;
  },
  clock: (process, below) => {
    process.offsetMs += below(LONGEST_STEP_MS * 2) - LONGEST_STEP_MS;
    return 0;
  },
};

const NAMES = Object.keys(FAULTS);
/** Faults strike within so many points from the beginning of a run. */
const LAST_POINT = 300;
const MOST_FAULTS = 4;

/** Which faults strike a run, and when; follows from its chance. */
export class FaultPlan {
  readonly #due: { readonly at: number; readonly name: string }[];
  readonly #below: (most: number) => number;

  constructor(chance: () => number, isCalm: boolean) {
    this.#below = (most) => Math.floor(chance() * most);
    const count = isCalm ? 0 : 1 + this.#below(MOST_FAULTS);
    this.#due = Array.from({ length: count }, () => ({
      at: this.#below(LAST_POINT),
      name: NAMES[this.#below(NAMES.length)] ?? "kill",
    })).toSorted((a, b) => a.at - b.at);
  }

  /** None strikes from now on. */
  end(): void {
    this.#due.length = 0;
  }

  /** Let happen what is due. */
  strike(stage: Stage, processes: readonly SimulatedProcess[]): void {
    while (this.#due[0] !== undefined && this.#due[0].at <= stage.scheduler.drawn) {
      const { name } = this.#due[0];
      this.#due.shift();
      const living = processes.filter(({ isAlive, isClosing }) => isAlive && !isClosing);
      const victim = living[this.#below(living.length)];
      if (victim === undefined) continue;
      const { scheduler, entries, now } = stage;
      scheduler.trace.note(scheduler.clock.monotonic(), victim.name, `is struck: ${name}`);
      const ms = FAULTS[name]?.(victim, this.#below, stage) ?? 0;
      // So that time has a reason to pass.
      if (ms > 0) scheduler.clock.after(ms, () => undefined);
      const at = now();
      entries.push({
        type: "fault",
        at,
        until: at + ms * 1_000,
        fault: name,
        target: name === "outage" ? "store" : victim.name,
      });
    }
  }
}

/** Whatever was done is over. */
export function heal(stage: Stage, processes: readonly SimulatedProcess[]): void {
  stage.outageUntil = 0;
  for (const process of processes) {
    process.stalledUntil = 0;
    process.outageUntil = 0;
    Object.assign(process.bad, { answers: 0, calls: 0, wakes: 0 });
  }
}
