import { nameProblem, refuseRequest } from "../core/options.ts";
import type { EnqueueOptions } from "./enqueue-options.ts";

export interface ScheduleOptions extends Omit<EnqueueOptions, "tx" | "delayMs" | "runAt" | "secrets"> {
  /** IANA name. @default "UTC" */
  readonly timeZone?: string;
}

/** @throws InputError for a wrong name, and for secrets: they belong to one job and end with it */
export function refuseScheduleOptions(name: unknown, options: EnqueueOptions): void {
  refuseRequest([
    nameProblem(name, "schedule(): the name"),
    options?.secrets === undefined
      ? undefined
      : "schedule(): a schedule cannot keep secrets; enqueue its jobs yourself",
  ]);
}
