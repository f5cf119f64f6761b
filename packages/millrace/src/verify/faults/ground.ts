import type { Fault, FaultName, Victim } from "./fault.ts";

/** What a ground is laid for. */
export interface GroundOptions {
  /** What the user gave: only what is made beside it is touched. */
  readonly store: string;
  /** All that the drive will bring; those of processes are left to `processFaults()`. */
  readonly faults: readonly FaultName[];
  /** The folder with the programs of a PostgreSQL server: one of the drive's own is started from it. */
  readonly postgresBin?: string | undefined;
  readonly chance: () => number;
  /** The processes of the crew, as they are when it is asked. */
  readonly victims: () => readonly Victim[];
}

/** Where a drive takes place: a schema, a file or a server that was made for it and goes with it. */
export interface Ground {
  /** What the crew opens: by way of a proxy, where connections are to be cut. */
  readonly url: string;
  /** What the drive itself opens, to look and to clean up: never by way of the proxy. */
  readonly ownUrl: string;
  /** Whether time is the store's, so that each process of the crew may have another clock. */
  readonly hasOwnClock: boolean;
  /** The faults of its store that were asked for; those of processes are not its own. */
  readonly faults: readonly Fault[];
  /** Remove what was made. What failed is kept, to be looked at; answers where. */
  end(hasFailed: boolean): Promise<string | null>;
}
