import { OptionsError } from "../../core/errors.ts";
import { show } from "../../core/options.ts";
import { isServer } from "../../open-store.ts";
import type { FaultName } from "./fault.ts";
import type { Ground, GroundOptions } from "./ground.ts";
import { layFile } from "./lay-file.ts";
import { layOwnServer } from "./lay-own-server.ts";
import { laySchema } from "./lay-schema.ts";

/**
 * Make the place where a drive happens: a file beside the one that the URL names, a schema of its own in the database, or
 * one on a PostgreSQL server of its own. A server of Millrace is used as it is.
 * @throws OptionsError when the store cannot be shared by processes, or a fault cannot be brought to it, with the reason;
 *   StoreError when the store cannot be reached
 */
export async function layGround(options: GroundOptions): Promise<Ground> {
  const { store, faults, postgresBin } = options;
  const isPostgres = /^postgres(ql)?:/.test(store);
  if (postgresBin !== undefined && !isPostgres) {
    throw new OptionsError(`--postgres-bin starts a PostgreSQL; with the store ${show(store)} there is none to start`);
  }
  if (isServer(store)) {
    refuseFaults(faults, ["kill", "pause", "clock"], "is brought to a store, and a server's store is behind it");
    return { url: store, ownUrl: store, hasOwnClock: true, faults: [], end: () => Promise.resolve(null) };
  }
  if (postgresBin !== undefined) return layOwnServer({ ...options, postgresBin });
  if (isPostgres) {
    const why = "needs a PostgreSQL server of the drive's own; name the folder of its programs with --postgres-bin";
    refuseFaults(faults, ["kill", "pause", "clock", "backend-kill", "cut"], why);
    return laySchema(options);
  }
  refuseFaults(
    faults,
    ["kill", "pause", "clock", "disk"],
    "is brought to a PostgreSQL, and a SQLite file has no server",
  );
  return layFile(options);
}

/** @throws OptionsError for those that are not possible, all of them at once */
function refuseFaults(faults: readonly FaultName[], possible: readonly FaultName[], why: string): void {
  const refused = faults.filter((name) => !possible.includes(name));
  if (refused.length === 0) return;
  throw new OptionsError(refused.map((name) => `the fault "${name}" ${why}; possible here are ${possible.join(", ")}`));
}
