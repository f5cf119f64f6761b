import { join } from "node:path";
import { onTestFinished } from "vitest";
import { ClockFile, clockArguments } from "../../src/verify/faults/clock-file.ts";
import type { Victim } from "../../src/verify/faults/fault.ts";
import { Actor } from "./actor.ts";
import type { Scene } from "./scene.ts";

/** A program on a clock of its own or of all, started again in place of the one that was killed. */
export class ActorVictim<Told> implements Victim {
  readonly name: string;
  readonly #enter: () => Actor<Told>;
  readonly #clock: ClockFile;
  actor: Actor<Told>;

  constructor(name: string, clock: ClockFile, enter: () => Actor<Told>) {
    this.name = name;
    this.#clock = clock;
    this.#enter = enter;
    this.actor = enter();
  }

  get pid(): number {
    return this.actor.pid;
  }

  signal(signal: NodeJS.Signals): void {
    this.actor.kill(signal);
  }

  async replace(): Promise<void> {
    await this.actor.exited;
    this.actor = this.#enter();
    await this.actor.hears(() => true);
  }

  async skew(ms: number): Promise<void> {
    this.#clock.set(ms);
  }
}

/** So many victims that run a program, each of which has said its first word. @param input of the program */
export async function aCrew<Told>(
  scene: Scene,
  { count, program, input, clocks }: Crew,
): Promise<readonly ActorVictim<Told>[]> {
  const made: ClockFile[] = [];
  const clockOf = (i: number): ClockFile => {
    const [shared] = made;
    if (clocks === "one" && shared !== undefined) return shared;
    const clock = new ClockFile(join(scene.folder, `clock-${i}`));
    onTestFinished(() => clock.remove());
    made.push(clock);
    return clock;
  };
  const victims = Array.from({ length: count }, (_, i) => {
    const clock = clockOf(i);
    const enter = (): Actor<Told> =>
      scene.play(new Actor<Told>(program, input, { execArgv: [...clockArguments(clock)] }));
    return new ActorVictim(`victim-${i + 1}`, clock, enter);
  });
  await Promise.all(victims.map(({ actor }) => actor.hears(() => true)));
  return victims;
}

interface Crew {
  readonly count: number;
  readonly program: URL;
  readonly input: object;
  /** Whether all run on one clock, as the processes of a host do, or each on its own. */
  readonly clocks: "one" | "each its own";
}
