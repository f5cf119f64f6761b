import { lookup as lookUp, type LookupAddress, type LookupOptions } from "node:dns";
import { request as requestHttp, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { isPublicAddress } from "./public-address.ts";
import { hostOf } from "./webhook-url.ts";

/** From the first look at a name to the last byte of the answer. */
const LIMIT_MS = 10_000;
/** What more an answer has to say, nobody waits for. */
const MOST_ANSWER_BYTES = 64 * 1024;

export interface Sending {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly allowsPrivate: boolean;
  /** Ends it, with its reason. */
  readonly signal: AbortSignal;
}

/**
 * POST a body, and answer the status. Redirects are not followed, for they could lead anywhere; the address is checked
 * as the connection is made, so that a name which means another address a moment later is of no use.
 * @throws Error that says what went wrong, without the path of the URL
 */
export async function send({ url, headers, body, allowsPrivate, signal }: Sending): Promise<number> {
  const host = hostOf(url);
  // Of an address, no name is looked up.
  if (!allowsPrivate && isIP(host) !== 0) requirePublic(host);
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const options: RequestOptions = {
    method: "POST",
    headers: { ...headers, "Content-Length": Buffer.byteLength(body) },
    // A connection of its own: one that was kept could have been made under other rules.
    agent: false,
    ...(allowsPrivate ? {} : { lookup: lookUpPublic }),
  };
  const timeout = AbortSignal.timeout(LIMIT_MS);
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(url, { ...options, signal: AbortSignal.any([signal, timeout]) }, resolve);
      sent.on("error", reject);
      sent.end(body);
    });
    // What it goes on to say, and whether it comes to an end, changes nothing of its answer.
    await drain(answer).catch(() => undefined);
    return answer.statusCode ?? 0;
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) throw new Error(`${host} has not answered within ${LIMIT_MS} ms`, { cause: error });
    throw new Error(`${host} cannot be reached: ${reasonOf(error)}`, { cause: error });
  }
}

/** Take the answer off the line, so that the sender is not cut while it still speaks; but not all of it, if it goes on. */
async function drain(answer: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += (chunk as Buffer).length;
    // Leaving the loop closes the connection.
    if (bytes > MOST_ANSWER_BYTES) return;
  }
}

/** As `dns.lookup`, but a name of which any address is not public has none. */
const lookUpPublic: LookupFunction = (hostname, options: LookupOptions, callback) => {
  lookUp(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) return callback(error, []);
    try {
      for (const { address } of addresses) requirePublic(address);
    } catch (refusal) {
      return callback(refusal as Error, []);
    }
    const [first] = addresses;
    if (options.all === true || first === undefined) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};

function requirePublic(address: string): void {
  if (!isPublicAddress(address)) throw new Error(`${address} is no public address`);
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
