import { join } from "node:path";
import { ClockFile } from "../faults/clock-file.ts";
import type { FaultEntry } from "../history/entry.ts";
import type { Abilities } from "./abilities.ts";
import { CrewMember, type Crash, type Role } from "./crew-member.ts";
import type { Places } from "./messages.ts";
import { microseconds } from "./microseconds.ts";
import { crewUrl } from "./store-url.ts";
import { LABELS } from "./workload.ts";

export interface CrewPlan {
  readonly url: string;
  readonly key: string | null;
  readonly folder: string;
  readonly seed: number;
  /** Handlers that all workers run at once. */
  readonly slots: number;
  readonly jobs: number;
  readonly places: Places;
  readonly abilities: Abilities;
  /** Whether time is the store's; where it is the host's, all processes have one clock. */
  readonly hasOwnClock: boolean;
  readonly record: (entry: FaultEntry) => void;
}

const SLOTS_EACH = 4;
const MOST_WORKERS = 8;
const PRODUCERS = 2;
const LEAVE_LIMIT_MS = 30_000;

/** Handlers at once of each worker process: two processes at least, eight at most, four handlers in each unless there are more. */
function spreadSlots(slots: number): readonly number[] {
  const count = Math.min(MOST_WORKERS, slots, Math.max(2, Math.ceil(slots / SLOTS_EACH)));
  return Array.from({ length: count }, (_, i) => Math.floor((slots + i) / count));
}

/** The processes of a drive. */
export class Crew {
  readonly members: readonly CrewMember[];
  readonly crashes: Crash[] = [];
  readonly #plan: CrewPlan;
  readonly #clocks: ClockFile[] = [];
  #added = 0;
  #ran = 0;
  #latestMs = 0;
  #hasStepped = false;

  constructor(plan: CrewPlan) {
    this.#plan = plan;
    const workers = spreadSlots(plan.slots).map((slots, i) => this.#member("worker", i, slots));
    const producers = Array.from({ length: PRODUCERS }, (_, i) => this.#member("producer", i, 0));
    this.members = [...workers, ...producers];
  }

  /** Jobs that were added, as far as is known here: a killed producer has not told of its last ones. */
  get added(): number {
    return this.#added;
  }

  /** Handlers that ran to their end. */
  get ran(): number {
    return this.#ran;
  }

  get kills(): number {
    return this.members.reduce((sum, { kills }) => sum + kills, 0);
  }

  get workerCount(): number {
    return this.members.filter(({ role }) => role === "worker").length;
  }

  /** Resolves when all of them work. */
  async started(): Promise<void> {
    await Promise.all(this.members.map(async (member) => member.started));
  }

  /**
   * Let clocks go right again; one that the store reads cannot go back behind what was written by it, and stays where it
   * was furthest.
   */
  healClocks(): void {
    const at = microseconds();
    for (const clock of this.#clocks) clock.set(this.#plan.hasOwnClock ? 0 : this.#latestMs);
    if (this.#plan.hasOwnClock || !this.#hasStepped) return;
    // This, too, is a step, by which leases may end.
    this.#plan.record({ type: "fault", at, until: microseconds(), fault: "clock", target: "the host" });
  }

  /** Those of a role end politely. */
  async leave(role: Role): Promise<void> {
    await Promise.all(
      this.members.filter((member) => member.role === role).map(async (member) => member.leave(LEAVE_LIMIT_MS)),
    );
  }

  /** All end, now. Nothing is left of them but what they have recorded. */
  async end(): Promise<void> {
    await Promise.all(this.members.map(async (member) => member.end()));
    for (const clock of this.#clocks.splice(0)) clock.remove();
  }

  #member(role: Role, index: number, slots: number): CrewMember {
    const { url, key, folder, seed, jobs, places, abilities } = this.#plan;
    const name = `${role}-${index + 1}`;
    return new CrewMember({
      role,
      name,
      folder,
      clock: this.#clockOf(name),
      onCrash: (crash) => void this.crashes.push(crash),
      onDeath: (process) => {
        const at = microseconds();
        this.#plan.record({ type: "fault", at, until: at, fault: "kill", target: process });
      },
      onSkew: (ms) => {
        this.#hasStepped = true;
        this.#latestMs = Math.max(this.#latestMs, ms);
      },
      onDid: (count) => {
        if (role === "producer") this.#added += count;
        else this.#ran += count;
      },
      input: (life) => ({
        name: `${name}.${life}`,
        place: name,
        url: crewUrl(url),
        key,
        // Each life of each process does something else, and the same whenever the seed is the same.
        seed: seed + (role === "worker" ? 100 : 200) + index + life * 1_000,
        places,
        abilities,
        slots,
        labels: LABELS.filter((_, at) => index % LABELS.length === at || slots < 2),
        quota: Math.max(0, Math.ceil((jobs - this.#added) / PRODUCERS)),
        backlog: Math.max(100, this.#plan.slots * 15),
      }),
    });
  }

  #clockOf(name: string): ClockFile {
    const [shared] = this.#clocks;
    if (shared !== undefined && !this.#plan.hasOwnClock) return shared;
    const clock = new ClockFile(join(this.#plan.folder, `clock-${name}`));
    this.#clocks.push(clock);
    return clock;
  }
}
