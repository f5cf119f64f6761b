import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { show } from "../../core/options.ts";
import type { Store } from "../../core/store.ts";
import type { AuthOptions, ServeOptions } from "../../http/index.ts";
import type { Logger, Millrace } from "../../index.ts";
import { artifactsBeside } from "../artifacts-target.ts";
import type { Environment } from "../env.ts";
import { countFlag } from "../flags.ts";
import { given } from "../given.ts";
import { guide } from "../guide.ts";
import { LOG_LEVELS, parseLogLevel, type LogLevel } from "../log-level.ts";
import type { Output } from "../output.ts";
import { openServerLog } from "../server-log.ts";
import { withStore, type Session } from "../session.ts";
import { onStopSignal } from "../stop-signals.ts";
import { UsageError } from "../usage-error.ts";

interface ServeFlags {
  readonly host: string;
  readonly port: number;
  readonly dev?: true;
  readonly artifacts?: string;
  readonly requestsPerMinute?: number;
  readonly allowPrivateWebhooks?: true;
  readonly logLevel?: LogLevel;
}

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/;
const HIGHEST_PORT = 65_535;

export function defineServe(command: Command, session: Session): void {
  guide(command, {
    description: "Serve the HTTP API, until the process is told to stop.",
    notes: [
      "MILLRACE_API_KEY is the key of the owner; with MILLRACE_JWT_SECRET or MILLRACE_JWKS_URL, JWTs are accepted that say\n" +
        "`sub`, `org` and `role`. One of the three must be set, or `millrace keys create` must have made the key of an owner or\n" +
        "an admin; keys and secrets have at least 32 characters. --dev makes a key for this run and prints it.",
      "Each request is a line of the log on standard error: in words at a terminal, as JSON in a pipe.",
      "SIGTERM, SIGINT or SIGHUP: requests are answered, for ten seconds at most; a second signal ends at once.",
    ],
    examples: ["millrace serve --dev", 'MILLRACE_API_KEY="$(cat api.key)" millrace serve --host 0.0.0.0 --port 8080'],
  })
    .option("--host <host>", "the address to listen on", "127.0.0.1")
    .option("--port <port>", "0 takes one that is free", portFlag, 7_337)
    .option("--dev", "make and print a key; on this machine only")
    .option("--artifacts <where>", "a folder, or s3://bucket/prefix (env MILLRACE_ARTIFACTS; default beside the store)")
    .option("--requests-per-minute <n>", "of one caller (default 60000)", countFlag("--requests-per-minute"))
    .option("--allow-private-webhooks", "webhooks may lead to addresses that are not public")
    .option("--log-level <level>", `${LOG_LEVELS.join(", ")} (env MILLRACE_LOG_LEVEL; default info)`, (text) =>
      parseLogLevel(text, "--log-level"),
    )
    .action(async (flags: ServeFlags) => {
      const { env, out } = session;
      const target = session.storeTarget();
      const madeKey = makeKey(flags, env);
      const level = flags.logLevel ?? parseLogLevel(env.logLevel ?? "info", "MILLRACE_LOG_LEVEL");
      const keys = await withStoredKeys(keysOf(env, madeKey), target);
      const artifacts = await checkedArtifacts(flags.artifacts ?? env.artifacts ?? artifactsBeside(target));
      const log = await openServerLog(out, level);
      const use = async (mill: Millrace): Promise<void> =>
        serve(out, log, { mill, artifacts, ...keys, ...addressOf(flags), ...permissionsOf(flags) }, madeKey);
      await session.withMill(use, { target, mayCreate: true, mayBePrivate: true, logger: log });
    });
}

/**
 * Before anything else is opened: a server that nobody could use, or anybody could, does not come so far. Where no key is
 * set, one in the store will do, so that alone is looked into; a store that is not there is not made.
 * @throws OptionsError
 */
async function withStoredKeys(keys: AuthOptions, target: string): Promise<AuthOptions> {
  const { refuseAuthOptions } = await import("../../http/auth.ts");
  if (Object.keys(keys).length === 0) {
    const { pendingMigrations } = await import("../../open-store.ts");
    const [first] = await pendingMigrations(target);
    const hasStoredKeys = first?.version !== 1 && (await withStore(target, holdsKeys, { mayCreate: true }));
    if (hasStoredKeys) return { hasStoredKeys };
  }
  refuseAuthOptions(keys);
  return keys;
}

async function holdsKeys(store: Store): Promise<boolean> {
  const keys = await store.apiKeys(null);
  return keys.some(({ role, revokedAt }) => revokedAt === null && (role === "owner" || role === "admin"));
}

/** @throws OptionsError where artifacts cannot lie there */
async function checkedArtifacts(where: string): Promise<string> {
  const { placesOf } = await import("../../http/artifacts/places-of.ts");
  placesOf(where);
  return where;
}

/** What clients may do. */
function permissionsOf({
  requestsPerMinute,
  allowPrivateWebhooks,
}: ServeFlags): Pick<ServeOptions, "limits" | "webhooks"> {
  return {
    limits: requestsPerMinute === undefined ? {} : { requestsPerMinute },
    webhooks: { allowPrivate: allowPrivateWebhooks === true },
  };
}

/** A key for this run, where one is asked for and none is set. @throws UsageError where others could reach the server */
function makeKey({ dev, host }: ServeFlags, { apiKey }: Environment): string | undefined {
  if (dev === undefined) return undefined;
  if (!LOOPBACK.test(host)) {
    throw new UsageError(`--dev is for this machine only, and ${show(host)} is reached from others`, {
      suggestion: "leave --host out, or set MILLRACE_API_KEY instead of --dev",
    });
  }
  return apiKey === null ? `dev_${randomBytes(24).toString("hex")}` : undefined;
}

function keysOf({ apiKey, jwtSecret, jwksUrl }: Environment, madeKey: string | undefined): AuthOptions {
  return given<AuthOptions>({
    apiKey: apiKey ?? madeKey,
    jwtSecret: jwtSecret ?? undefined,
    jwksUrl: jwksUrl ?? undefined,
  });
}

function addressOf({ host, port }: ServeFlags): Pick<ServeOptions, "host" | "port"> {
  return { host, port };
}

async function serve(out: Output, log: Logger, options: ServeOptions, madeKey: string | undefined): Promise<void> {
  const { serveHttp } = await import("../../http/index.ts");
  const stop = Promise.withResolvers<void>();
  const release = onStopSignal(
    (signal) => {
      log.info({ signal }, `${signal}: answering what was asked; a second signal ends at once.`);
      stop.resolve();
    },
    ["SIGINT", "SIGTERM", "SIGHUP"],
  );
  try {
    const server = await serveHttp(options);
    const { url, host, port } = server;
    out.answer({ url, host, port, pid: process.pid, ...(madeKey === undefined ? {} : { key: madeKey }) }, () => [
      `Listening on ${url}`,
      ...(madeKey === undefined ? [] : [`Key: ${madeKey}`]),
    ]);
    log.info({ url }, "Ctrl-C stops.");
    await stop.promise;
    await server.stop();
  } finally {
    release();
  }
}

function portFlag(text: string): number {
  const port = countFlag("--port", 0)(text);
  if (port > HIGHEST_PORT) throw new UsageError(`--port must be at most ${HIGHEST_PORT}; got ${port}`);
  return port;
}
