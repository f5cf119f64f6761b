import type { JobId } from "./job.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const RANDOM_LENGTH = 16;

/**
 * A generator of job ids: ULIDs that grow within one process even inside a millisecond.
 * Across processes only the millisecond orders them, so nothing but the reader's eye may rely on the order.
 * @param now milliseconds since the epoch
 * @param random 0 ≤ x < 1
 */
export function createJobIds(now: () => number, random: () => number): () => JobId {
  let lastMs = -1;
  let time = "";
  const digits = new Uint8Array(RANDOM_LENGTH);
  return () => {
    const ms = Math.max(now(), lastMs);
    if (ms === lastMs) {
      increment(digits);
    } else {
      lastMs = ms;
      time = encodeTime(ms);
      // The top digit stays low, so that counting up cannot overflow.
      for (let i = 0; i < RANDOM_LENGTH; i++) digits[i] = Math.floor(random() * (i === 0 ? 16 : 32));
    }
    return withDigits(time, digits);
  };
}

/** The id that is made of a time and of bytes: always the same of the same. @param bytes at least 16; of each, 5 bits count */
export function jobIdOf(ms: number, bytes: Uint8Array): JobId {
  return withDigits(encodeTime(ms), bytes.subarray(0, RANDOM_LENGTH));
}

function withDigits(time: string, bytes: Uint8Array): JobId {
  let id = time;
  for (const byte of bytes) id += ALPHABET[byte & 31];
  return id as JobId;
}

function encodeTime(ms: number): string {
  let text = "";
  for (let rest = ms, i = 0; i < 10; i++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return `job_${text}`;
}

function increment(digits: Uint8Array): void {
  for (let i = digits.length - 1; i >= 0; i--) {
    const next = (digits[i] ?? 0) + 1;
    digits[i] = next & 31;
    if (next < 32) return;
  }
}
