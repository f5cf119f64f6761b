import { clock } from "./clock.ts";
import type { Fault, FaultName, Victim } from "./fault.ts";
import type { Ground } from "./ground.ts";
import { kill } from "./kill.ts";
import { pause } from "./pause.ts";

export interface ProcessFaultOptions {
  /** All that the drive will bring; those of stores are left to the ground. */
  readonly names: readonly FaultName[];
  /** The processes of the crew, as they are when it is asked. */
  readonly victims: () => readonly Victim[];
  readonly chance: () => number;
  /** How long the crew's leases are. */
  readonly leaseMs: number;
  readonly ground: Pick<Ground, "hasOwnClock">;
}

/** What is done to processes of the crew, whatever the store. */
export function processFaults({ names, victims, chance, leaseMs, ground }: ProcessFaultOptions): readonly Fault[] {
  const all = [kill(victims, chance), pause(victims, chance, leaseMs), clock(victims, chance, ground.hasOwnClock)];
  return all.filter(({ name }) => names.includes(name));
}
