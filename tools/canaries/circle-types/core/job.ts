import type { Ticket } from "./ticket.ts";

export interface Job {
  readonly ticket: Ticket;
}
