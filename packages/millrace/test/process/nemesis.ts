import { join } from "node:path";
import { Actor } from "./actor.ts";
import { chanceFrom, type ChaosInput } from "./chaos-messages.ts";
import type { Scene } from "./scene.ts";

interface Started {
  readonly type: "started";
}

/** A program that is started again each time it was killed. */
class Role {
  readonly records: string[] = [];
  readonly #program: URL;
  readonly #scene: Scene;
  readonly #plan: Plan;
  readonly #seed: number;
  actor: Actor<Started>;

  constructor(scene: Scene, program: URL, plan: Plan, seed: number) {
    this.#scene = scene;
    this.#program = program;
    this.#plan = plan;
    this.#seed = seed;
    this.actor = this.enter();
  }

  enter(): Actor<Started> {
    const life = this.records.length;
    const record = join(this.#scene.folder, `record-${this.#seed}-${life}.jsonl`);
    this.records.push(record);
    const { concurrency, backlog } = this.#plan;
    const input: ChaosInput = { url: this.#scene.url, record, seed: this.#seed + life * 1_000, concurrency, backlog };
    this.actor = this.#scene.play(new Actor<Started>(this.#program, input));
    return this.actor;
  }

  /** Ends politely; answers how it ended. */
  async leave(): Promise<string> {
    this.actor.kill("SIGTERM");
    const { code, signal } = await this.actor.exited;
    return signal ?? `code ${code}`;
  }
}

interface Plan extends Pick<ChaosInput, "concurrency" | "backlog"> {
  readonly seed: number;
  /** Between two kills, at least and at most. */
  readonly pauseMs: readonly [least: number, most: number];
}

/** Four workers, two producers, and somebody who kills one of them again and again. */
export class Nemesis {
  readonly workers: readonly Role[];
  readonly producers: readonly Role[];
  readonly #chance: () => number;
  readonly #plan: Plan;
  kills = 0;

  constructor(scene: Scene, plan: Plan) {
    const { seed } = plan;
    this.#chance = chanceFrom(seed);
    this.#plan = plan;
    this.workers = Array.from(
      { length: 4 },
      (_, i) => new Role(scene, new URL("./chaos-worker.ts", import.meta.url), plan, seed + 10 + i),
    );
    this.producers = Array.from(
      { length: 2 },
      (_, i) => new Role(scene, new URL("./chaos-producer.ts", import.meta.url), plan, seed + 20 + i),
    );
  }

  get records(): readonly string[] {
    return [...this.workers, ...this.producers].flatMap(({ records }) => records);
  }

  async ready(): Promise<void> {
    const roles = [...this.workers, ...this.producers];
    await Promise.all(roles.map(({ actor }) => actor.hears((message) => message.type === "started")));
  }

  async rage(isEnough: () => boolean): Promise<void> {
    const roles = [...this.workers, ...this.producers];
    const [least, most] = this.#plan.pauseMs;
    while (!isEnough()) {
      await new Promise((resolve) => void setTimeout(resolve, least + this.#chance() * (most - least)));
      const role = roles[Math.floor(this.#chance() * roles.length)];
      if (role === undefined) continue;
      role.actor.kill("SIGKILL");
      await role.actor.exited;
      role.enter();
      this.kills += 1;
    }
    await this.ready();
  }
}
