import type { Clock } from "./clock.ts";

export interface Job {
  readonly clock: Clock;
}
