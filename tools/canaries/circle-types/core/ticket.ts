import type { Lease } from "./lease.ts";

export interface Ticket {
  readonly lease: Lease;
}
