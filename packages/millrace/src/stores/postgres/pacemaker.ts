import type pg from "pg";
import { Pacemaker } from "../sql/pacemaker.ts";

/** How the thread reaches the leases. */
export interface LeasePlace {
  readonly config: pg.ClientConfig;
  readonly schema: string;
}

// Unbuilt, this file and the thread's are TypeScript, which Node runs as it is.
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** Keeps the leases of this process's workers on PostgreSQL. Nothing runs before a worker is added. */
export const pacemaker = new Pacemaker<LeasePlace>(new URL(`./pacemaker-thread.${extension}`, import.meta.url));
