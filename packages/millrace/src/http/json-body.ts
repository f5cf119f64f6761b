import { InputError } from "../core/errors.ts";
import type { Limits } from "./limits.ts";
import { Refusal } from "./refusal.ts";

/** Deeper than anything people write, and far from where a program that follows it down runs out of stack. */
const MOST_DEPTH = 64;

/**
 * The text of a JSON body, read no further than it may go.
 * @throws InputError `payload_too_large`, or `request_invalid` when it is nested too deeply; Refusal `request_timeout`
 */
export async function readJsonText(request: Request, limits: Limits): Promise<string> {
  const told = request.headers.get("content-length");
  if (Number(told) > limits.bodyBytes) throw tooLarge(limits);
  // A server holds its clients to the length that they told; without one, somebody has to count.
  const text = await withinTime(told === null ? countText(request, limits) : request.text(), limits);
  // UTF-8 has no fewer bytes than the text has characters.
  if (text.length > limits.bodyBytes) throw tooLarge(limits);
  refuseDepth(text);
  return text;
}

async function countText(request: Request, limits: Limits): Promise<string> {
  if (request.body === null) return "";
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += (chunk as Uint8Array).byteLength;
    // Leaving the loop cancels the stream: nobody reads the rest.
    if (bytes > limits.bodyBytes) throw tooLarge(limits);
    parts.push(decoder.decode(chunk as Uint8Array, { stream: true }));
  }
  parts.push(decoder.decode());
  return parts.join("");
}

async function withinTime(reading: Promise<string>, { bodyMs }: Limits): Promise<string> {
  const late = Promise.withResolvers<never>();
  const message = `the body has not arrived within ${bodyMs} ms`;
  const timer = setTimeout(() => late.reject(new Refusal("request_timeout", message)), bodyMs);
  try {
    return await Promise.race([reading, late.promise]);
  } catch (error) {
    // Nobody waits for it any more; the connection goes, and the reading with it.
    reading.catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Counts brackets outside of strings; whether it is JSON at all is for the parser to say. */
function refuseDepth(text: string): void {
  let depth = 0;
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isString) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) isString = false;
    } else if (code === QUOTE) isString = true;
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      depth += 1;
      if (depth > MOST_DEPTH)
        throw new InputError("request_invalid", `the body is nested more than ${MOST_DEPTH} deep`);
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth -= 1;
  }
}

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = "\\".charCodeAt(0);
const OPEN_ARRAY = "[".charCodeAt(0);
const CLOSE_ARRAY = "]".charCodeAt(0);
const OPEN_OBJECT = "{".charCodeAt(0);
const CLOSE_OBJECT = "}".charCodeAt(0);

function tooLarge({ bodyBytes }: Limits): InputError {
  return new InputError("payload_too_large", `the body must have at most ${bodyBytes} bytes`);
}
