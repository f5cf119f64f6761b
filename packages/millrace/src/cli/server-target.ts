import { show } from "../core/options.ts";
import type { Environment } from "./env.ts";
import { UsageError } from "./usage-error.ts";

/** A server, and what opens it. */
export interface ServerTarget {
  readonly url: string;
  readonly key: string;
}

interface ServerFlags {
  readonly store?: string;
  readonly server?: string;
  readonly key?: string;
}

/**
 * The server that was named: `--server`, or `MILLRACE_SERVER` unless a store was typed; `null` where there is none.
 * @throws UsageError when it cannot be used so
 */
export function serverTarget(flags: ServerFlags, env: Pick<Environment, "server" | "key">): ServerTarget | null {
  const url = flags.server ?? (flags.store === undefined ? env.server : null);
  if (url === null) {
    if (flags.key === undefined) return null;
    throw new UsageError("--key opens a server, and none is named", { suggestion: "--server URL, or MILLRACE_SERVER" });
  }
  const from = flags.server === undefined ? "MILLRACE_SERVER" : "--server";
  if (flags.store !== undefined) {
    throw new UsageError("--store and --server name two places to work on", { suggestion: "leave one of them out" });
  }
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new UsageError(`${from}: ${show(url)} is no server`, { suggestion: `${from} http://localhost:7337` });
  }
  const key = flags.key ?? env.key;
  if (key === null) {
    throw new UsageError(`the server ${url} asks for a key`, {
      suggestion: "set MILLRACE_KEY; --key KEY does it, too, but others see it in the list of processes",
    });
  }
  return { url, key };
}
