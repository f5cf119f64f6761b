import type { ClientConfig } from "pg";
import { parseIntoClientConfig } from "pg-connection-string";
import { OptionsError } from "../../core/errors.ts";
import { nearest, show } from "../../core/options.ts";

/** Where a store lies, and how to speak to it. */
export interface Address {
  /** How to connect, one for each host; tried in turn. */
  readonly hosts: readonly ClientConfig[];
  readonly schema: string;
  /** Whether a server that takes no writes is passed over. */
  readonly needsWrites: boolean;
  /**
   * Whether a pooler hands each transaction another connection of the server. Then nothing may be set for a session,
   * and nobody can listen.
   */
  readonly isPooled: boolean;
  /** Connections of this process at most, the one that listens not counted. */
  readonly max: number;
}

const DEFAULT_MAX = 8;
const OWN = ["schema", "pgbouncer", "max", "target_session_attrs"] as const;
/** Parameters that are passed on to the driver. */
const DRIVERS = [
  "application_name",
  "connect_timeout",
  "host",
  "keepalives",
  "options",
  "password",
  "port",
  "sslcert",
  "sslkey",
  "sslmode",
  "sslnegotiation",
  "sslrootcert",
  "user",
  "uselibpqcompat",
] as const;

/**
 * The parts of a URL: `postgres://user:password@host:5432/database?schema=millrace`. Several hosts are separated by
 * commas. Parameters of Millrace: `schema` (default `millrace`), `max` (connections, default 8), `pgbouncer=true` (a
 * pooler in transaction mode lies between), `target_session_attrs` (`read-write`, the default, or `any`).
 * @throws OptionsError for a URL that names no server, or a parameter that is not known
 */
export function parseUrl(url: string): Address {
  const parts = /^postgres(?:ql)?:\/\/(?<login>[^@/?]*@)?(?<hosts>[^/?]*)(?<path>\/[^?]*)?(?:\?(?<query>.*))?$/.exec(
    url,
  );
  const { login = "", hosts = "", path = "", query = "" } = parts?.groups ?? {};
  if (parts === null) throw new OptionsError(`${show(withoutPassword(url))} is no address of PostgreSQL; ${EXPECTED}`);
  const given = new URLSearchParams(query);
  refuseUnknown(given, url);
  const passedOn = new URLSearchParams([...given].filter(([name]) => !isOneOf(OWN, name)));
  const rest = passedOn.size === 0 ? "" : `?${passedOn.toString()}`;
  return {
    hosts: hosts.split(",").map((host) => configOf(`postgres://${login}${host}${path}${rest}`, url)),
    schema: schemaName(given.get("schema") ?? "millrace"),
    needsWrites: oneOf(given, "target_session_attrs", ["read-write", "primary", "any"], "read-write") !== "any",
    isPooled: oneOf(given, "pgbouncer", ["true", "false"], "false") === "true",
    max: connectionCount(given.get("max")),
  };
}

const EXPECTED = `expected "postgres://user:password@host:5432/database"`;
/** PostgreSQL cuts longer names; leave room for none of that. */
const MAX_SCHEMA_BYTES = 63;

/** @throws OptionsError for a name that PostgreSQL would cut or that is nobody's to use */
export function schemaName(name: string): string {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0 || bytes > MAX_SCHEMA_BYTES || /[\0'\\]/.test(name) || name.startsWith("pg_")) {
    throw new OptionsError(
      `schema must be a name of 1 to ${MAX_SCHEMA_BYTES} bytes, without ' and \\, that does not begin with "pg_"; got ${show(name)}`,
    );
  }
  return name;
}

/** For messages: the address without what nobody should read. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^:@/?]*):[^@/?]*@/, "$1:…@").replace(/([?&]password=)[^&]*/g, "$1…");
}

function configOf(url: string, given: string): ClientConfig {
  try {
    return parseIntoClientConfig(url);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OptionsError(`${show(withoutPassword(given))} is no address of PostgreSQL (${reason}); ${EXPECTED}`);
  }
}

function refuseUnknown(given: URLSearchParams, url: string): void {
  const known = [...OWN, ...DRIVERS];
  const problems = [...given.keys()]
    .filter((name) => !isOneOf(known, name))
    .map((name) => {
      const meant = nearest(name, known);
      const hint = meant === undefined ? `known are ${known.join(", ")}` : `did you mean "${meant}"?`;
      return `${show(name)} is no parameter of ${withoutPassword(url)}; ${hint}`;
    });
  if (problems.length > 0) throw new OptionsError(problems.join("\n"));
}

function oneOf<const T extends string>(given: URLSearchParams, name: string, allowed: readonly T[], fallback: T): T {
  const value = given.get(name) ?? fallback;
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw new OptionsError(`${name} must be one of ${allowed.join(", ")}; got ${show(value)}`);
}

function connectionCount(given: string | null): number {
  if (given === null) return DEFAULT_MAX;
  const count = Number(given);
  if (Number.isSafeInteger(count) && count >= 2) return count;
  throw new OptionsError(`max must be a whole number, 2 or more; got ${show(given)}`);
}

function isOneOf(list: readonly string[], name: string): boolean {
  return list.includes(name);
}
