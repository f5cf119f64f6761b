import { MillraceClient } from "../../http/api/client.ts";
import { Transport } from "../../http/api/transport.ts";

/** The bound of a call, all of its tries together. A server that restarts is back before it is over. */
const CALL_MS = 5_000;
/** As many as fit. */
const TRIES = 20;

export interface HttpOptions {
  /** Where the server is. */
  readonly url: string;
  /** An API key or a JWT; its organisation is the one that is seen. */
  readonly key: string;
  /** For tests; production leaves it out. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** The server, by routes and by hand. */
export interface Server {
  readonly client: MillraceClient;
  readonly transport: Transport;
}

/** @throws OptionsError */
export function serverOf({ url, key, fetch }: HttpOptions): Server {
  const options = { url, key, timeoutMs: CALL_MS, tries: TRIES, ...(fetch === undefined ? {} : { fetch }) };
  return { client: new MillraceClient(options), transport: new Transport(options) };
}
