import { hostname } from "node:os";
import { definedOnly, nameProblem, refuseOptions, unknownKeys } from "./core/options.ts";
import { openStore, type StoreTarget } from "./open-store.ts";
import { Kernel } from "./runtime/kernel.ts";
import { silentLogger, type Logger } from "./runtime/logger.ts";
import { Millrace } from "./runtime/millrace.ts";
import { systemClock, systemRandom } from "./runtime/platform.ts";

export interface MillraceOptions {
  /** The organisation whose jobs this client sees and makes. @default "default" */
  readonly org?: string;
  /** Where warnings go: pino, or anything of its shape. @default nowhere */
  readonly logger?: Logger;
  /** Create the schema or bring it up to date. @default true */
  readonly migrate?: boolean;
  /** PostgreSQL only: the schema that holds the tables; wins over the URL's `?schema=`. @default "millrace" */
  readonly schema?: string;
}

const KEYS = ["org", "logger", "migrate", "schema"] as const satisfies readonly (keyof MillraceOptions)[];

/**
 * Open a queue.
 * @param target `sqlite:./file.db`, `memory:` or `postgres://user@host/database`; or a better-sqlite3 Database or pg
 *   Client, beside which connections are opened; or a pg Pool, which is used
 * @throws OptionsError for a wrong target or option; StoreError when the store cannot be used
 */
export async function openMillrace(target: StoreTarget, options: MillraceOptions = {}): Promise<Millrace> {
  refuseOptions(unknownKeys(options, KEYS, "openMillrace()"));
  const { org = "default", logger = silentLogger, ...storeOptions } = definedOnly(options) as MillraceOptions;
  refuseOptions([nameProblem(org, "openMillrace(): org")]);
  const store = await openStore(target, storeOptions);
  const kernel = new Kernel({
    store,
    org,
    logger,
    host: hostname(),
    pid: process.pid,
    clock: systemClock,
    random: systemRandom,
  });
  return new Millrace(kernel, () => store.close());
}
