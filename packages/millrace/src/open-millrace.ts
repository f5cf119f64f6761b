import { hostname } from "node:os";
import { AesVault } from "./aes-vault.ts";
import { definedOnly, nameProblem, refuseOptions, unknownKeys, type Problem } from "./core/options.ts";
import { isServer, openStore, type StoreTarget } from "./open-store.ts";
import { loadTracing } from "./open-telemetry.ts";
import { Kernel } from "./runtime/kernel.ts";
import { silentLogger, type Logger } from "./runtime/logger.ts";
import { Millrace } from "./runtime/millrace.ts";
import { systemClock, systemRandom } from "./runtime/platform.ts";
import type { Vault } from "./runtime/vault.ts";

export interface MillraceOptions {
  /** The organisation whose jobs this client sees and makes. @default "default"; for a server, that of the key */
  readonly org?: string;
  /** For a server: an API key or a JWT. What is seen and made is what it may see and make. */
  readonly key?: string;
  /** Where warnings go: pino, or anything of its shape. @default nowhere */
  readonly logger?: Logger;
  /** Create the schema or bring it up to date. @default true */
  readonly migrate?: boolean;
  /**
   * What secrets of jobs are encrypted with: 32 random bytes in base64 or hexadecimal digits, as `openssl rand -base64 32`
   * makes them. To replace a key, `new,old`: the first encrypts, all of them decrypt. The same for all processes on a
   * store.
   * @default none; jobs with secrets, and webhooks, are refused
   */
  readonly secretKey?: string;
  /** PostgreSQL only: the schema that holds the tables; wins over the URL's `?schema=`. @default "millrace" */
  readonly schema?: string;
}

const KEYS = ["org", "key", "logger", "migrate", "secretKey", "schema"] as const satisfies readonly (keyof MillraceOptions)[]; // prettier-ignore

/** Secrets go to the server as they are, and come from it so; it encrypts what it stores. */
const SERVER_VAULT: Vault = { seal: (text) => text, open: (text) => text };

/**
 * Open a queue.
 * @param target `sqlite:./file.db`, `memory:` or `postgres://user@host/database`; `https://host:7337` for a server; or a
 *   better-sqlite3 Database or pg Client, beside which connections are opened; or a pg Pool, which is used
 * @throws OptionsError for a wrong target or option; StoreError when the store cannot be used
 */
export async function openMillrace(target: StoreTarget, options: MillraceOptions = {}): Promise<Millrace> {
  refuseOptions(unknownKeys(options, KEYS, "openMillrace()"));
  const { org = "default", logger = silentLogger, secretKey, ...rest } = definedOnly(options) as MillraceOptions;
  refuseOptions([nameProblem(org, "openMillrace(): org"), ...(isServer(target) ? serverProblems(options) : [])]);
  const vault = isServer(target) ? SERVER_VAULT : secretKey === undefined ? undefined : new AesVault(secretKey);
  const [store, tracing] = await Promise.all([openStore(target, rest), loadTracing()]);
  const kernel = new Kernel({
    store,
    org: store.org ?? org,
    logger,
    host: hostname(),
    pid: process.pid,
    clock: systemClock,
    random: systemRandom,
    vault,
    tracing,
  });
  return new Millrace(kernel, () => store.close());
}

function serverProblems({ org, secretKey }: MillraceOptions): readonly Problem[] {
  return [
    org === undefined ? undefined : "openMillrace(): org is that of the key where a server is opened; leave it out",
    secretKey === undefined ? undefined : "openMillrace(): secretKey is the server's, which encrypts what it stores",
  ];
}
