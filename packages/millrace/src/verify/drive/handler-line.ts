import type { LeaseRef } from "../../core/lease.ts";

/** What a worker of the crew writes down about its handlers. */
export interface HandlerLine extends LeaseRef {
  readonly what: "begin" | "end";
}
