import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { show } from "../../core/options.ts";
import type { AuthOptions, ServeOptions } from "../../http/index.ts";
import type { Environment } from "../env.ts";
import { countFlag } from "../flags.ts";
import { given } from "../given.ts";
import { guide } from "../guide.ts";
import type { Session } from "../session.ts";
import { onStopSignal } from "../stop-signals.ts";
import { UsageError } from "../usage-error.ts";
import { WorkLog } from "../work-log.ts";

interface ServeFlags {
  readonly host: string;
  readonly port: number;
  readonly dev?: true;
}

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/;
const HIGHEST_PORT = 65_535;

export function defineServe(command: Command, session: Session): void {
  guide(command, {
    description: "Serve the HTTP API, until the process is told to stop.",
    notes: [
      "MILLRACE_API_KEY is the key of the owner; with MILLRACE_JWT_SECRET or MILLRACE_JWKS_URL, JWTs are accepted that say\n" +
        "`sub`, `org` and `role`. One of the three must be set; keys and secrets have at least 32 characters.\n" +
        "--dev makes a key for this run and prints it.",
      "SIGTERM, SIGINT or SIGHUP: requests are answered, for ten seconds at most; a second signal ends at once.",
    ],
    examples: ["millrace serve --dev", 'MILLRACE_API_KEY="$(cat api.key)" millrace serve --host 0.0.0.0 --port 8080'],
  })
    .option("--host <host>", "the address to listen on", "127.0.0.1")
    .option("--port <port>", "0 takes one that is free", portFlag, 7_337)
    .option("--dev", "make and print a key; on this machine only")
    .action(async (flags: ServeFlags) => {
      const target = session.storeTarget();
      const madeKey = makeKey(flags, session.env);
      const keys = keysOf(session.env, madeKey);
      // Before anything is opened: a server that nobody could use, or anybody could, does not come so far.
      const { refuseAuthOptions } = await import("../../http/auth.ts");
      refuseAuthOptions(keys);
      const log = new WorkLog(session.out);
      await session.withMill(async (mill) => serve(session, { mill, ...keys, ...addressOf(flags) }, madeKey), {
        target,
        mayCreate: true,
        mayBePrivate: true,
        logger: log.logger,
      });
    });
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

async function serve({ out }: Session, options: ServeOptions, madeKey: string | undefined): Promise<void> {
  const { serveHttp } = await import("../../http/index.ts");
  const stop = Promise.withResolvers<void>();
  const release = onStopSignal(
    (signal) => {
      out.note(`${signal}: answering what was asked; a second signal ends at once.`);
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
    out.note("Ctrl-C stops.");
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
