import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { createJobIds } from "../core/job-id.ts";

const PREFIX = "mr_";
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_BYTES = 32;
/** 62 ** 43 is more than 2 ** 256. */
const SECRET_LENGTH = 43;
/** 62 ** 6 is more than 2 ** 32. */
const CHECKSUM_LENGTH = 6;
const FORM = /^mr_[0-9A-Za-z]{49}$/;

/**
 * A new key for the HTTP API: `mr_`, 32 random bytes in 43 digits of base 62, and the CRC-32 of all before it in 6.
 * `mr_[0-9A-Za-z]{49}` finds such keys where they should not be, and the checksum tells them from other words.
 */
export function createApiKey(): string {
  const secret = BigInt(`0x${randomBytes(SECRET_BYTES).toString("hex")}`);
  const text = `${PREFIX}${base62(secret, SECRET_LENGTH)}`;
  return `${text}${checksumOf(text)}`;
}

/** What a key is called when it is listed or revoked. @param nowMs milliseconds since the epoch */
export function createKeyId(nowMs: number): string {
  return `key_${createJobIds(() => nowMs, Math.random)().slice("job_".length)}`;
}

/** Whether it can be a key for the HTTP API; says nothing about whether it opens anything. */
export function isApiKey(text: string): boolean {
  const said = text.slice(0, -CHECKSUM_LENGTH);
  return FORM.test(text) && text.endsWith(checksumOf(said));
}

/** All that is kept of a key: its SHA-256. With 256 random bits in it, there is nothing to guess and nothing to salt. */
export function apiKeyDigest(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

function checksumOf(text: string): string {
  return base62(BigInt(crc32(text)), CHECKSUM_LENGTH);
}

function base62(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest /= 62n) text = ALPHABET.charAt(Number(rest % 62n)) + text;
  return text;
}
