import { homedir, userInfo } from "node:os";
import { join } from "node:path";

/** The name of a store in one file. */
export function fileStore(path: string): string {
  return `sqlite:${path}`;
}

/** The name of a store that only its own process has. */
export const PRIVATE_STORE = "memory:";

/** The store that is used when nobody names one. */
export const DEFAULT_STORE = fileStore("./millrace.db");

/** What the command line takes from its environment. This is the only place that reads it. */
export interface Environment {
  /** `MILLRACE_STORE` */
  readonly store: string | null;
  /** `MILLRACE_SERVER` */
  readonly server: string | null;
  /** `MILLRACE_KEY` */
  readonly key: string | null;
  /** `MILLRACE_API_KEY`: for `serve`, the key of the owner. */
  readonly apiKey: string | null;
  /** `MILLRACE_JWT_SECRET`: for `serve`, what JWTs are signed with. */
  readonly jwtSecret: string | null;
  /** `MILLRACE_JWKS_URL`: for `serve`, where the keys are that JWTs are signed with. */
  readonly jwksUrl: string | null;
  /** `MILLRACE_LOG_LEVEL`: for `serve`, how much its log says. */
  readonly logLevel: string | null;
  /** `MILLRACE_SECRET_KEY`: what secrets of jobs are encrypted with. */
  readonly secretKey: string | null;
  /** `MILLRACE_ARTIFACTS`: for `serve`, where artifacts lie. */
  readonly artifacts: string | null;
  /**
   * `MILLRACE_STATE`, or `millrace` in `XDG_STATE_HOME` (`~/.local/state`): for locks of watchers, and tokens of what is
   * held by hand.
   */
  readonly stateFolder: string;
  /** False with `NO_COLOR`, and on a terminal that calls itself dumb. */
  readonly allowsColour: boolean;
  /** `MILLRACE_DEBUG`: errors nobody foresaw come with their stack. */
  readonly isDebug: boolean;
  /** The name of whoever is logged in, to sign a cancel with; `null` where the system has none. */
  readonly user: string | null;
}

/** An empty variable counts as one that is not set, as `NO_COLOR` and most shells have it. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const read = (name: string): string | null => {
    const value = variables[name];
    return value === undefined || value === "" ? null : value;
  };
  return {
    store: read("MILLRACE_STORE"),
    server: read("MILLRACE_SERVER"),
    key: read("MILLRACE_KEY"),
    apiKey: read("MILLRACE_API_KEY"),
    jwtSecret: read("MILLRACE_JWT_SECRET"),
    jwksUrl: read("MILLRACE_JWKS_URL"),
    logLevel: read("MILLRACE_LOG_LEVEL"),
    secretKey: read("MILLRACE_SECRET_KEY"),
    artifacts: read("MILLRACE_ARTIFACTS"),
    stateFolder:
      read("MILLRACE_STATE") ?? join(read("XDG_STATE_HOME") ?? join(homedir(), ".local", "state"), "millrace"),
    allowsColour: read("NO_COLOR") === null && read("TERM") !== "dumb",
    isDebug: read("MILLRACE_DEBUG") !== null,
    user: userName(),
  };
}

function userName(): string | null {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return null;
  }
}
