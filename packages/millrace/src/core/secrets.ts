import { MAX_JSON_BYTES } from "./json.ts";
import { show, type Problem } from "./options.ts";

/** Names with values, for the attempts of one job alone. Names are those of environment variables. */
export type Secrets = Readonly<Record<string, string>>;

/** So many a job has at most. */
const SECRET_LIMIT = 100;
/** The largest value, in bytes of UTF-8. */
const MAX_SECRET_BYTES = 65_536;
/** The most of all values together, as much as a payload may have. */
const MAX_SECRETS_BYTES = MAX_JSON_BYTES;
const NAME = /^[A-Z_][A-Z0-9_]{0,63}$/;

/** What is wrong with them, if anything; no part of a value is ever said. Not given is fine. */
export function secretsProblems(secrets: unknown, what: string): Problem[] {
  if (secrets === undefined) return [];
  if (typeof secrets !== "object" || secrets === null || Array.isArray(secrets)) {
    return [`${what} must be an object: names with values`];
  }
  const entries = Object.entries(secrets);
  if (entries.length > SECRET_LIMIT) return [`${what} has ${entries.length} names; a job has at most ${SECRET_LIMIT}`];
  let total = 0;
  const problems = entries.map(([name, value]: readonly [string, unknown]): Problem => {
    if (!NAME.test(name)) return `${what}: a name is 1 to 64 of A-Z 0-9 _ and begins with no digit; got ${show(name)}`;
    if (typeof value !== "string") return `${what}: ${name} must be text; it is of type ${typeof value}`;
    const bytes = new TextEncoder().encode(value).length;
    total += bytes;
    if (bytes > MAX_SECRET_BYTES) return `${what}: ${name} has ${bytes} bytes; at most ${MAX_SECRET_BYTES} are kept`;
    return undefined;
  });
  if (total <= MAX_SECRETS_BYTES) return problems;
  return [...problems, `${what} have ${total} bytes together; at most ${MAX_SECRETS_BYTES} are kept`];
}
