import { InputError } from "../../core/errors.ts";
import { show, type Problem } from "../../core/options.ts";

const MOST_BYTES = 255;

/** An emoji may be joined by characters that are refused elsewhere. */
const EMOJI = /\p{RGI_Emoji}/gv;
/** Control, format and bidi characters, line ends, halves of pairs, and what no font shows. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u;
/** What some system takes for a separator, and what looks like one. */
const SEPARATOR = /[/\\\u2044\u2215\u2216\u29f5\u29f8\u29f9\ufe68\uff0f\uff3c]/;
/** What Windows opens as a device, whatever ending follows. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)\s*(?:\.|$)/i;
const DRIVE = /^[a-z]:/i;

/** What is wrong with the name of an artifact, if anything: what any system can save under it is fine. */
function artifactNameProblem(name: string): Problem {
  const what = "the name of the artifact";
  const bytes = new TextEncoder().encode(name).length;
  if (bytes < 1 || bytes > MOST_BYTES) return `${what} must have 1 to ${MOST_BYTES} bytes of UTF-8; it has ${bytes}`;
  if (UNSEEN.test(name.replace(EMOJI, ""))) {
    return `${what} must not contain control characters or others that cannot be seen; got ${show(escaped(name))}`;
  }
  if (name !== name.normalize("NFC")) return `${what} must be in Unicode's normal form C; got ${show(escaped(name))}`;
  // As a system sees it that takes look-alikes for what they look like.
  const plain = name.normalize("NFKC");
  if (SEPARATOR.test(name) || SEPARATOR.test(plain)) return `${what} must not contain a separator; got ${show(name)}`;
  if (/^[\s.]|[\s.]$/.test(name) || /^\.+$/.test(plain)) {
    return `${what} must not begin or end with a space or a dot; got ${show(name)}`;
  }
  if (DRIVE.test(plain)) return `${what} must not begin with a drive letter; got ${show(name)}`;
  if (DEVICE.test(plain)) return `${what} must not be that of a device; got ${show(name)}`;
  return undefined;
}

/**
 * The name at the end of a URL, decoded once. What is not the encoding of a text is not guessed at.
 * @throws InputError `request_invalid`
 */
export function artifactNameOf(url: string): string {
  const segment = new URL(url).pathname.split("/").at(-1) ?? "";
  let name: string;
  try {
    name = decodeURIComponent(segment);
  } catch (cause) {
    const message = `the name of the artifact must be UTF-8, percent-encoded; got ${show(segment)}`;
    throw new InputError("request_invalid", message, { cause });
  }
  const problem = artifactNameProblem(name);
  if (problem !== undefined) throw new InputError("request_invalid", problem);
  return name;
}

/** For people, so that nothing unseen gets into a message. */
function escaped(name: string): string {
  return name.replace(/[^\x20-\x7e]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
