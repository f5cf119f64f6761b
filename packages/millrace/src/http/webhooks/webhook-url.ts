import { isIP } from "node:net";
import { InputError } from "../../core/errors.ts";
import { isPublicAddress } from "./public-address.ts";

const LONGEST_URL = 2_000;

/**
 * Where a webhook is sent, as its owner wrote it down. Names are asked for their addresses when it is sent, and not here.
 * @throws InputError with what is wrong with it
 */
export function parseWebhookUrl(text: string, allowsPrivate: boolean): URL {
  if (text.length > LONGEST_URL) throw wrong(`has ${text.length} characters; at most ${LONGEST_URL} are allowed`);
  if (!URL.canParse(text)) throw wrong("is no URL; expected one such as https://example.com/hooks");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw wrong(`must be https or http, not ${url.protocol}`);
  if (url.username !== "" || url.password !== "") {
    throw wrong("must not hold a name and password; what is sent is signed");
  }
  if (!allowsPrivate && isPrivateHost(hostOf(url))) {
    throw wrong(`leads to ${url.hostname}, which is no public address`);
  }
  return url;
}

/** The name or address without the brackets that IPv6 has in a URL. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

function isPrivateHost(host: string): boolean {
  return isIP(host) === 0 ? /(?:^|\.)localhost\.?$/.test(host) : !isPublicAddress(host);
}

function wrong(what: string): InputError {
  return new InputError("request_invalid", `url: it ${what}`, { details: { problems: [`url: it ${what}`] } });
}
